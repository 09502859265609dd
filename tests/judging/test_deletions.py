# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.judging.deletions import FEW, Person, gone
from bouncestream.ports import Subscriber

UUID = "22222222-2222-4222-8222-222222222222"
CANARY = Subscriber(1, "11111111-1111-4111-8111-111111111111", "Canary@example.com", "enabled")
ANN, BOB = Person(("ann@example.com",), UUID), Person(("bob@example.com",))
ALL = {"ann@example.com", "bob@example.com", UUID}


def there(*emails: str) -> list[Subscriber]:
    return [CANARY, *(Subscriber(2, f"u-{email}", email, "enabled") for email in emails)]


def test_who_is_found_by_no_name_is_gone() -> None:
    assert gone([ANN, BOB], ALL, there("Bob@example.com"), "canary@example.com") == ([ANN], "")
    moved = [*there(), Subscriber(3, UUID, "new@example.com", "enabled")]
    assert gone([ANN, BOB], ALL, moved, "canary@example.com") == ([BOB], ""), (
        "one who has another address now is not"
    )


def test_an_empty_answer_shows_nothing() -> None:
    assert gone([ANN], ALL, [], "canary@example.com")[0] == []
    assert "lacks" in gone([ANN], ALL, there("ann@example.com")[1:], "canary@example.com")[1]


def test_of_whom_not_all_names_could_be_asked_for_nothing_is_said() -> None:
    assert gone([ANN, BOB], {"ann@example.com", "bob@example.com"}, there(), "canary@example.com") == ([BOB], "")
    assert gone([Person()], ALL, there(), "canary@example.com") == ([], "")


def test_a_listmonk_that_knows_none_of_many_may_be_another_one() -> None:
    many = [Person((f"{n}@example.com",)) for n in range(FEW + 1)]
    asked = {name for one in many for name in one.names}
    left, why = gone(many, asked, there(), "canary@example.com")
    assert left == []
    assert "is it the right one?" in why
    assert len(gone(many, asked, there("0@example.com"), "canary@example.com")[0]) == FEW
    assert len(gone(many[:FEW], asked, there(), "canary@example.com")[0]) == FEW
