# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Report retired phrases in everything that people read: `python -m tools.phrases`.

Documents, messages, docstrings, comments and names are written in plain technical English. Each entry of RETIRED is a
phrase that this repository no longer uses, with what to write instead. A phrase is found when it is wrapped over two
lines, and in names whose words are joined by underscores.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from tools.stage import ROOT, listed

#: Regular expression of a retired phrase, and its replacement. A space also stands for line breaks, comment
#: marks and underscores.
RETIRED = {
    r"for ever": "permanently; cannot be undone; irreversible",
    r"se(?:e|es|en|eing) to it that": "ensure that",
    r"(?:br[io]ng(?:s|ing)?|brought) (?:it |them |all of it )?about": "apply; ensure",
    r"described state": "desired state",
    r"(?:is|are|be|was|were|being|been) told(?! apart)|told (?:of|so|in|by)": "is reported; is shown; is documented",
    r"tells": "reports; shows; returns",
    r'(?:"""|\. |; |, |and )[Aa]nswers (?:a|all|the|its|how|whether|what|with|them|how many)': "returns",
    r"stands? (?:twice|in the (?:blueprint|document|file|list|state|archive|path|data))": "is in; is duplicated",
    r"(?:has|have|had) to be|(?:is|are) to be": "must be",
    r"(?<!there\s)(?<!here\s)(?:is|was|are|were) no (?!longer|more|one|fewer|less|such|need|way|reason|match)\w+": (
        "is not a valid ...; Invalid ..."
    ),
    r"mend(?:s|ed|ing)?": "fix; after fixing the cause",
    r"there are:": "Available: ...",
    r"went by without": "timed out after",
    r"without (?:an )?end(?! of)": "unlimited; timed out after",
    r"carr(?:y|ied) out all the same|carry_out": "the outcome is unknown; execute",
    r"turn(?:s|ed|ing)? away": "rejected",
    r"out of order": "is unavailable",
    r"br(?:eak|eaks|oke|oken) off": "connection lost",
    r"not tried any more": "Skipped",
    r"an own": "your own; its own",
    r"rooms|(?:a|the|new|each|every|own|its) room(?! for)": "package",
    r"house": "architecture",
    r"arrows?": "dependencies",
    r"keepsakes?": "SignInStore",
    r"talking": "msal_session",
    r"class Refused|import refused|errors\.refused": "sign_in_error; ...Error",
    r"conceal(?:s|ed|ing)?": "mask_unknown; mask",
    r"foresee(?:s|n|ing)?|foresaw": "predict",
    r"rehears(?:e|es|ed|ing|al|als)": "dry run; try",
    r"out of sight|out_of_sight": "unreadable_outcome",
    r"repeated_keys": "duplicate_keys",
    r"devices_in_the_way": "require_no_devices",
    r"check_meant|gates\.(?:meant|told)|(?:meant|told|quick)\.py": "expected_state; expected_results; fork_server",
    r"tests\.quick|quick_(?:interpreter|player)": "fork_server",
    r"Sight": "Snapshot",
    r"other promises": "conformance tests",
}
#: Not ours, or about the phrases themselves.
EXCLUDED = frozenset(
    {"LICENSE", "tests/simulator/openapi.yaml", "tools/phrases.py", "tests/unit/test_phrases.py"},
)
_READ = {".cfg", ".in", ".j2", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}
_GAP = r"(?:[\s_]|#:?\s)+"
_PATTERNS = {
    phrase: re.compile(rf"(?<![A-Za-z])(?:{phrase.replace(' ', _GAP)})(?![A-Za-z])", re.I if phrase.islower() else 0)
    for phrase in RETIRED
}


def find(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line number, the phrase as written and its replacement, for each retired phrase in the text."""
    for phrase, pattern in _PATTERNS.items():
        for found in pattern.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, " ".join(found[0].split()), RETIRED[phrase]


def main() -> int:
    """Print the phrases of all converted files and how many are left elsewhere; return 1 if there were any."""
    failed = False
    for path in listed(ROOT):
        name = path.as_posix()
        if name in EXCLUDED or path.suffix not in _READ:
            continue
        for line, phrase, instead in sorted(find((ROOT / path).read_text(encoding="utf-8"))):
            failed = True
            print(f'{name}:{line}: retired phrase "{phrase}": write {instead}')
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
