"""What Bistro & Larder sells: products by category, list prices, and which categories each true segment buys.

Owns: the assortment, its prices and the taste for it. Does not own discounts (`lines.py`).
"""

from __future__ import annotations

import numpy as np

from tasks.demo.draws import Choices, Draws, Flags, Floats, Ints
from tasks.demo.story import PRICE_RISE_DATE, PRICE_RISE_SHARE, SEGMENTS, day_of

#: Category → (product, list price in cents); taste picks along the prices.
ASSORTMENT: dict[str, tuple[tuple[str, int], ...]] = {
    "Lunch bowls": (
        ("Lentil bowl", 790), ("Falafel bowl", 890), ("Chicken rice bowl", 990), ("Poke bowl, salmon", 1290),
        ("Beef bibimbap", 1390),
    ),
    "Sandwiches & wraps": (
        ("Cheese baguette", 490), ("Hummus wrap", 590), ("Club sandwich", 720), ("Pastrami sandwich", 890),
    ),
    "Mains": (
        ("Pasta al pomodoro", 1090), ("Käsespätzle", 1190), ("Roast chicken", 1490), ("Wiener Schnitzel", 1890),
        ("Sea bream, grilled", 2390), ("Entrecôte, 250 g", 2990), ("Tasting menu", 5900),
    ),
    "Kids' dishes": (("Fish fingers & mash", 690), ("Mini pizza", 720), ("Kids' pasta", 590), ("Kids' Schnitzel", 890)),
    "Desserts": (("Ice cream, two scoops", 390), ("Apple strudel", 590), ("Crème brûlée", 790), ("Cheese board", 1290)),
    "Hot drinks": (("Espresso", 240), ("Tea", 290), ("Cappuccino", 340), ("Flat white", 390)),
    "Soft drinks": (("Tap water & lemon", 150), ("Mineral water", 290), ("Lemonade", 390), ("Fresh juice", 490)),
    "Wine & beer": (
        ("Lager, 0.5 l", 420), ("Wheat beer, 0.5 l", 460), ("House wine, 0.2 l", 590), ("Riesling, bottle", 1290),
        ("Blaufränkisch, bottle", 1690), ("Champagne, bottle", 4900),
    ),
    "Pantry": (
        ("Spaghetti, 500 g", 149), ("Tomatoes, tin", 129), ("Basmati rice, 1 kg", 349), ("Flour, 1 kg", 119),
        ("Chickpeas, jar", 219), ("Coffee beans, 500 g", 899), ("Olive oil, 500 ml", 1099), ("Muesli, 750 g", 459),
    ),
    "Fresh produce": (
        ("Bananas, 1 kg", 199), ("Carrots, 1 kg", 149), ("Tomatoes, 500 g", 279), ("Apples, 1 kg", 299),
        ("Salad mix", 249), ("Berries, 250 g", 449),
    ),
    "Dairy & eggs": (
        ("Milk, 1 l", 139), ("Yoghurt, 500 g", 189), ("Butter, 250 g", 279), ("Eggs, 10", 349), ("Gouda, 300 g", 429),
    ),
    "Bakery": (("Rolls, 4", 179), ("Rye bread", 389), ("Croissants, 2", 299), ("Sourdough loaf", 549)),
    "Ready meals": (("Lentil soup", 399), ("Lasagne, 400 g", 599), ("Goulash, 400 g", 749), ("Duck confit", 1390)),
    "Meal kits": (("Kit veggie, 2 persons", 2490), ("Kit classic, 2 persons", 2790), ("Kit family, 4 persons", 4490)),
}  # fmt: skip
CATEGORIES = tuple(ASSORTMENT)

#: Category weights of each segment: (in a store, online); a category left out is not bought there.
_STORE: dict[str, dict[str, float]] = {
    "weekday_lunchers": {"Lunch bowls": 5, "Sandwiches & wraps": 4, "Hot drinks": 2, "Soft drinks": 2, "Mains": 0.5},
    "family_weekenders": {"Mains": 3, "Kids' dishes": 4, "Desserts": 2.5, "Soft drinks": 3, "Wine & beer": 0.7},
    "pantry_stockers": {"Mains": 2, "Hot drinks": 1, "Desserts": 1},
    "occasional_treaters": {"Mains": 4, "Wine & beer": 4, "Desserts": 2, "Hot drinks": 0.7},
    "deal_hunters": {"Lunch bowls": 2, "Mains": 2, "Soft drinks": 1, "Sandwiches & wraps": 2},
    "lapsing": {"Mains": 3, "Lunch bowls": 2, "Soft drinks": 1.5, "Wine & beer": 1, "Desserts": 1},
    "meal_kit_subscribers": {"Mains": 1},
}
_ONLINE: dict[str, dict[str, float]] = {
    "weekday_lunchers": {"Ready meals": 3, "Pantry": 1, "Bakery": 1},
    "family_weekenders": {"Pantry": 2, "Fresh produce": 2, "Dairy & eggs": 2, "Bakery": 2, "Ready meals": 1},
    "pantry_stockers": {"Pantry": 6, "Fresh produce": 2, "Dairy & eggs": 2.5, "Bakery": 1, "Ready meals": 0.7},
    "occasional_treaters": {"Wine & beer": 5, "Ready meals": 2, "Bakery": 1},
    "deal_hunters": {"Ready meals": 4, "Pantry": 2, "Fresh produce": 1, "Bakery": 1.5, "Wine & beer": 1},
    "lapsing": {"Pantry": 2, "Ready meals": 2, "Dairy & eggs": 1, "Wine & beer": 1},
    "meal_kit_subscribers": {"Meal kits": 7, "Fresh produce": 1.5, "Wine & beer": 0.7},
}

_PRODUCTS = sorted(
    ((category, cents, name) for category, products in ASSORTMENT.items() for name, cents in products),
    key=lambda product: (CATEGORIES.index(product[0]), product[1]),
)
PRODUCT_IDS = tuple(f"A{100 + index}" for index in range(len(_PRODUCTS)))
PRODUCT_NAMES = tuple(name for _, _, name in _PRODUCTS)
PRODUCT_CATEGORIES = tuple(category for category, _, _ in _PRODUCTS)
LIST_CENTS: Ints = np.array([cents for _, cents, _ in _PRODUCTS], dtype=np.int64)
MEAL_KIT_CATEGORY = "Meal kits"
#: Products on sale over the whole history.
LASTING: Ints = np.array([i for i, one in enumerate(PRODUCT_CATEGORIES) if one != MEAL_KIT_CATEGORY], dtype=np.int64)
POSTAGE_ID, POSTAGE_NAME, POSTAGE_CATEGORY = "POST", "Postage", "Delivery"

_FIRST = np.array([PRODUCT_CATEGORIES.index(category) for category in CATEGORIES], dtype=np.int64)
_COUNT = np.array([PRODUCT_CATEGORIES.count(category) for category in CATEGORIES], dtype=np.int64)


def _weights() -> list[list[float]]:
    """Row 2 x segment for stores, the next for online."""
    return [
        [table[segment.id].get(category, 0.0) for category in CATEGORIES]
        for segment in SEGMENTS
        for table in (_STORE, _ONLINE)
    ]


_CATEGORY_CHOICES = Choices(_weights())


def price_cents(product: Ints, online: Flags, day: Ints) -> Ints:
    """Price of a unit before discount: online it rises with the planted event."""
    raised = online & (day >= day_of(PRICE_RISE_DATE))
    cents = LIST_CENTS[product]
    return np.where(raised, np.rint(cents * (1.0 + PRICE_RISE_SHARE)), cents).astype(np.int64)


def pick_products(draws: Draws, key: Ints, segment: Ints, online: Flags, taste: Floats) -> Ints:
    """A product per order line.

    Args:
        draws: the random numbers.
        key: key of each line.
        segment: the behaviour (index of `SEGMENTS`) behind each line.
        online: whether the line was ordered online, not in a store.
        taste: above 0 leans to the dearer products of a category, below 0 to the cheaper.

    Returns:
        Indexes into `PRODUCT_IDS` and its companions.
    """
    category = _CATEGORY_CHOICES.pick(2 * segment + online, draws.uniform("line.category", key))
    along = draws.uniform("line.product", key) ** np.exp(-taste)
    return _FIRST[category] + (along * _COUNT[category]).astype(np.int64)
