"""What columns about people are called, in the languages that exports are written in.

Owns: the words. Does not own how a name is taken apart, or what its values must look like (`guess.py`).

Words are in lower case, without accents, `ß` as `ss`. `ANYWHERE` may stand inside a longer word (`kundenemailadresse`);
`WORDS` must be a word of the name (`e_mail`, `mailTo`) or the whole name without its separators.
"""

from __future__ import annotations

from typing import Literal

#: What a column may tell of a person; each has a look that its values must have (`guess.py`).
Kind = Literal["e-mail", "telephone", "address", "name", "bank account", "birth", "belief or health", "secret number"]

ANYWHERE: dict[Kind, tuple[str, ...]] = {
    "e-mail": ("email", "emailadress", "courriel", "correoelectronico"),
    "telephone": ("telefon", "telephone", "phone", "mobilnummer", "mobilenumber", "handynummer", "telefax", "cellular"),
    "address": ("strasse", "street", "anschrift", "postaladdress", "homeaddress", "wohnadresse", "hausnummer"),
    "name": (
        *("vorname", "nachname", "familienname", "firstname", "lastname", "surname", "fullname", "middlename"),
        *("givenname", "familyname", "forename", "maidenname", "rufname", "nomcomplet", "prenom", "nomdefamille"),
        *("apellido", "nombrecompleto", "cognome", "achternaam", "voornaam", "efternamn", "fornamn", "nazwisko"),
        *("sobrenome", "customername", "clientname", "kundenname", "nomclient", "membername", "patientname"),
        *("guestname", "contactname", "personname", "employeename", "recipientname", "cardholder", "ansprechpartner"),
    ),
    "bank account": ("iban", "bankaccount", "kontonummer", "bankverbindung"),
    "birth": ("birth", "geburt", "naissance", "nacimiento", "nascita", "nascimento", "geboorte", "fodselsdato"),
    "belief or health": (
        *("religion", "konfession", "religious", "ethnic", "ethnie", "gesundheit", "diagnos", "krankheit", "illness"),
        *("behinderung", "disabilit", "handicap", "medication", "allergie", "allergy", "schwanger", "pregnan"),
        *("gewerkschaft", "tradeunion", "politicalparty", "parteizugehorigkeit", "sexualorientation", "vorstrafe"),
    ),
    "secret number": (
        *("socialsecurity", "sozialversicherung", "passportn", "reisepass", "ausweisn", "steuerid", "taxid"),
        *("creditcard", "kreditkarte", "cardnumber", "kartennummer", "nationalid", "driverslicen", "fuhrerschein"),
    ),
}

WORDS: dict[Kind, tuple[str, ...]] = {
    "e-mail": ("mail", "mails", "emails", "correo", "epost"),
    "telephone": ("tel", "fon", "fax", "mobil", "mobile", "handy", "cell", "gsm", "movil", "portable", "whatsapp"),
    "address": (
        "address",
        "addresses",
        "adresse",
        "adress",
        "addr",
        "rue",
        "calle",
        "indirizzo",
        "direccion",
        "domicilio",
    ),
    "name": (),
    "bank account": ("bic",),
    "birth": ("dob", "birthday", "bday", "gebdatum", "gebdat", "geb"),
    "belief or health": ("health", "faith", "belief", "race", "sante", "salud", "salute", "caste", "disabled"),
    "secret number": ("ssn", "nif", "dni", "cpf", "bsn", "nino", "pesel", "passport"),
}

#: The whole name of a column: a person's name where the rows are persons, a thing's where they are not.
BARE_NAMES = frozenset(
    {
        "name",
        "names",
        "nom",
        "nombre",
        "naam",
        "nome",
        "navn",
        "namn",
        "nazwa",
        "imie",
        "first",
        "last",
        "kunde",
        "client",
    }
)
#: Words beside which an address is none of a person.
NOT_POSTAL = frozenset({"ip", "mac", "web", "url", "http", "wallet"})
