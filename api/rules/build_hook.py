"""The build hook: whoever installs the program makes at that time what its first run would otherwise have to make.

If that cannot be done (a build without the libraries that the program needs, a folder that cannot be written to), the
installation goes on without: the first run makes it then.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MadeAtInstall(BuildHookInterface):  # type: ignore[type-arg]
    """Fills `engine/made`, which an editable installation finds in the source tree and a wheel brings along."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the results by the Python that installs."""
        command = [sys.executable, "-m", "api.rules.installing"]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        if done.returncode:
            told = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            self.app.display_warning(f"the rules are compiled at the first run instead: {told}")
