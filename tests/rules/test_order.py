"""The rules that ship are as `rulewright fmt` writes them, whoever changed them last."""

from __future__ import annotations

from tests.cli.command import ROOT, run


def test_every_shipped_rule_is_in_order() -> None:
    done = run("fmt", "--check", str(ROOT / "rules"))
    assert done.returncode == 0, done.stdout + done.stderr
    files = [path for path in (ROOT / "rules").rglob("*.yaml") if path.name not in ("ruleset.yaml", "screens.yaml")]
    modules = [path for path in files if path.parent.name not in ("overlays", "reforms")]
    assert len(modules) > 190 and f"0 files would change, {len(modules)} in order" in done.stderr


def test_what_a_state_changes_in_another_law_is_in_order() -> None:
    changes = sorted(str(path) for path in (ROOT / "rules").glob("*/overlays/*.yaml"))
    assert changes
    done = run("fmt", "--check", *changes)
    assert done.returncode == 0, done.stdout + done.stderr
