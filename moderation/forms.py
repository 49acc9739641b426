"""What the decision form holds: read from the request as plain values, and written back as it was typed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from accounts.errors import RefusedError
from moderation.models import Policy
from moderation.table import ACTIONS, Rule


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """A decision as it was typed. `values` are the blanks by policy and name, of reasons not chosen as well."""

    action: str = ""
    revision: int = 0
    sha256: str = ""
    reasons: tuple[str, ...] = ()
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    note: str = ""
    successor: str = ""
    level: str = ""
    question: str = ""

    @classmethod
    def read(cls, given: QueryDict) -> "DecisionForm":
        """The form of a request; what can't be a revision becomes 0, which no revision has."""
        number = given.get("revision", "")
        values: dict[str, dict[str, str]] = {}
        for name in given:
            parts = name.split(":")
            if len(parts) == 3 and parts[0] == "blank":
                values.setdefault(parts[1], {})[parts[2]] = given.get(name, "")
        return cls(
            given.get("action", ""),
            int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0,
            given.get("sha256", ""),
            tuple(given.getlist("reason")),
            values,
            given.get("note", ""),
            given.get("successor", ""),
            given.get("level", ""),
            given.get("question", ""),
        )

    @classmethod
    def restore(cls, fields: Iterable[tuple[str, str]]) -> "DecisionForm":
        """The form of a draft, from the fields that were kept."""
        given = QueryDict(mutable=True)
        for name, value in fields:
            given.appendlist(name, value)
        return cls.read(given)

    @property
    def rule(self) -> Rule | None:
        """The row of the table that it names."""
        return ACTIONS.get(self.action)

    def given(self) -> dict[str, Any]:
        """The arguments of `decide`: what the chosen action takes, nothing of what stands in other fields."""
        rule = self.rule
        return {
            "action": self.action,
            "revision": self.revision,
            "sha256": self.sha256,
            "reasons": [{"policy": code, "values": self._filled(code)} for code in self.reasons],
            "note": self.note if rule is None or rule.note else "",
            "successor": self.successor if rule and rule.successor else "",
            "level": self.level if rule and rule.level else "",
            "question": self.question if rule and rule.question else "",
        }

    def _filled(self, code: str) -> dict[str, str]:
        return {name: text for name, text in self.values.get(code, {}).items() if text.strip()}

    def choices(self, policies: list[Policy]) -> list[dict[str, Any]]:
        """The reasons to choose from, each with its blanks as they were typed."""
        return [
            {
                "policy": policy,
                "chosen": policy.code in self.reasons,
                "blanks": [
                    {
                        **blank,
                        "field": f"blank:{policy.code}:{blank['name']}",
                        "value": self.values.get(policy.code, {}).get(blank["name"], ""),
                    }
                    for blank in policy.blanks
                ],
            }
            for policy in policies
        ]

    def hidden(self) -> list[tuple[str, str]]:
        """Every field again, for the page that asks once more."""
        rows = [
            ("action", self.action),
            ("revision", str(self.revision)),
            ("sha256", self.sha256),
            ("note", self.note),
            ("successor", self.successor),
            ("level", self.level),
            ("question", self.question),
        ]
        rows += [("reason", code) for code in self.reasons]
        rows += [
            (f"blank:{code}:{name}", text)
            for code, blanks in self.values.items()
            for name, text in blanks.items()
        ]
        return rows

    def typed(self) -> str:
        """The words that were typed, in one text: what must not be lost when somebody was first."""
        blanks: Mapping[str, dict[str, str]] = {code: self._filled(code) for code in self.reasons}
        lines = [f"{code}: {text}" for code, filled in blanks.items() for text in filled.values()]
        return "\n".join(part for part in [*lines, self.note, self.question] if part.strip())


def errors_of(refused: RefusedError) -> list[tuple[str, str, str]]:
    """A refusal's problems as (place, message, hint); the refusal itself where it names none."""
    found = [(problem.pointer, problem.message, problem.hint) for problem in refused.problems]
    return found or [("", refused.message, refused.hint)]
