"""Groups of customers that are too small to be described.

Owns: which groups' figures are left out. Does not own the smallest size (`privacy.min_group_size`) or the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def withheld_groups(sizes: Mapping[str, int], least: int, also: frozenset[str] = frozenset()) -> set[str]:
    """Groups whose figures must be left out, so that none of fewer than `least` customers can be known.

    A group below `least` is left out (primary suppression). With the figure of all groups together, what is left out
    follows by subtraction: so further groups are left out, smallest first, until at least two are, with `least`
    customers or more between them (secondary suppression; Hundepool et al., "Statistical Disclosure Control", Wiley
    2012, section 4.4). Empty groups have no figures and do not count.

    Args:
        sizes: customers of each group; a customer counts in one group.
        least: the smallest group that may be described.
        also: groups that are left out for another reason.
    """
    filled = {name: size for name, size in sizes.items() if size > 0}
    withheld = {name for name, size in filled.items() if size < least} | (also & filled.keys())
    if withheld:
        for name in sorted(filled.keys() - withheld, key=lambda name: (filled[name], name)):
            if len(withheld) > 1 and sum(filled[one] for one in withheld) >= least:
                break
            withheld.add(name)
    return withheld


def telling_groups(
    sizes: Mapping[str, int], everybody: int, inside: Iterable[tuple[str, str]], least: int
) -> frozenset[str]:
    """Groups that may overlap, and whose figures give away fewer than `least` customers that are in no small group.

    All customers less those of a group are the few who are not in it, and a group less another that lies inside it the
    few who are in it alone.

    Args:
        sizes: customers of each group.
        everybody: customers who are in any of them, each once.
        inside: a group, and one whose customers are all in it.
        least: the smallest group that may be described.
    """
    beside = {name for name, size in sizes.items() if size > 0 and 0 < everybody - size < least}
    around = {
        outer for outer, inner in inside if sizes.get(inner, 0) > 0 and 0 < sizes.get(outer, 0) - sizes[inner] < least
    }
    return frozenset(beside | around)
