"""`rulewright permit …`: permissions as tokens: keys, issue, verify, the register, and what late facts take back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.log.options import LogOption
from api.cli.options import AsJson, Reforms, Rules
from api.failures import ExitCode, Failure, Misuse

permit_app = typer.Typer(
    help="Issue permissions as signed tokens that a roadside check can verify offline, and revoke them.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
Key = Annotated[Path, typer.Option("--key", metavar="FILE", help="The private key: see `permit key`.")]
Folder = Annotated[Path, typer.Option("--register", metavar="FOLDER", help="The issuer's register.")]
IssuerName = Annotated[str, typer.Option("--issuer", metavar="NAME", help="The issuer's name or address.")]
StatusAt = Annotated[str, typer.Option("--status-at", metavar="ADDRESS", help="Where the status list is published.")]
Nonce = Annotated[str | None, typer.Option("--nonce", metavar="TEXT", help="What the verifier asked to be signed.")]
Audience = Annotated[str | None, typer.Option("--audience", metavar="NAME", help="The verifier, as a proof names it.")]
NAME, STATUS_AT = "https://permits.example", "https://permits.example/status.jwt"


@permit_app.command("key")
def make(
    private: Annotated[Path, typer.Argument(metavar="FILE", help="The new file of the private key.")],
    public: Annotated[
        Path | None, typer.Option("--public", metavar="FILE", help="FILE with `.jwk` added if not given.")
    ] = None,
) -> None:
    """Make a key: the private part for the issuer, the public part for everybody who verifies."""
    from api.cli.output import say
    from api.permits.keys import make_key

    path = public or private.with_name(private.name + ".jwk")
    jwk = make_key(private, path)
    say(f"private: {private}\npublic:  {path}\nname:    {jwk['kid']}")


@permit_app.command()
def issue(
    rules: Rules,
    who: Annotated[str, typer.Argument(metavar="CASE|SUBJECT", help="A case, or with `--log` whose: `person/17`.")],
    requirement: Annotated[
        str, typer.Argument(metavar="REQUIREMENT", help="A permission that is decided for a day: `may_drive`.")
    ],
    key: Key,
    register: Folder,
    at: Annotated[str | None, typer.Option("--at", metavar="DAY", help="The day it is for. Default: today.")] = None,
    over: Annotated[str, typer.Option("--over", metavar="FACT", help="Ask for each member of a fact: `drives`.")] = "",
    of: Annotated[str, typer.Option("--of", metavar="NAME", help="Whose, where a case has several.")] = "",
    days: Annotated[int, typer.Option("--days", min=0, max=36_600, help="The most days it is good for.")] = 365,
    log: LogOption = None,
    out: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Where to write it; stdout if not given.")
    ] = None,
    holder: Annotated[
        Path | None,
        typer.Option("--holder", metavar="FILE", help="The public key of the person who may show it."),
    ] = None,
    issuer: IssuerName = NAME,
    status_at: StatusAt = STATUS_AT,
    reform: Reforms = None,
) -> None:
    """Decide, and sign a permit if the requirement is met. A refusal names the reasons that were not met."""
    from api.cli.output import complain
    from api.permits.credential import Issuer, Law
    from api.permits.credential import issue as sign
    from api.permits.decide import UNDETERMINED
    from api.permits.holder import read_holder_key
    from api.permits.keys import read_private
    from api.permits.register import Register
    from api.rules import programs
    from api.simulate.writing import appearing, check_place

    if out is not None:
        check_place(out)  # or the permit would be in the register, and nowhere else
    program = programs.load_program(rules, reform or [])
    signer = Issuer(issuer, read_private(key), status_at)
    bound = read_holder_key(holder) if holder is not None else None
    by_log = log is not None and not Path(who).exists()
    decision, offset = _decided(program, who, requirement, at, over=over, of=of, days=days, log=log if by_log else None)
    if not decision.holds:
        whom = f"for {decision.instance} on {decision.on}"
        if decision.text == UNDETERMINED:
            raise Failure(f"`{requirement}` is not determined {whom}", "`rulewright calc` says what to ask next")
        raise Failure(
            f"`{requirement}` does not hold {whom}: {decision.text}", "`rulewright cure` says what would change it"
        )
    now = datetime.now(UTC)
    with _names(log if by_log else None) as names:
        permits = Register(register, signer)
        if names is not None:
            permits.hide(names)
        place = permits.add(decision, over, program.settings.name, offset, now=now, names=names)
    token = sign(
        signer, decision, Law(program.settings.name, program.fingerprint, offset), place, now=now, holder=bound
    )
    if out is None:
        print(token)
    else:
        with appearing(out) as beside:
            beside.write_text(token + "\n", encoding="ascii")
    codes = f" for {', '.join(privilege.code for privilege in decision.privileges)}" if decision.privileges else ""
    asked = "".join(f" ({each.text})" for each in decision.circumstances)
    complain(f"permit {place}: {requirement} of {decision.instance}{codes}{asked}, {decision.on} to {decision.until}")


def _decided(
    program: Any, who: str, requirement: str, at: str | None, *, over: str, of: str, days: int, log: Path | None
) -> tuple[Any, int | None]:
    """The decision, of a case or of a record, and the offset that the record was read up to."""
    from api.cases.files import load_case
    from api.cases.naming import find_definition
    from api.history.access import read_day, reading
    from api.permits.decide import decide, member_facts
    from api.permits.revise import decide_from_log

    day = read_day(at, "--at") if at else date.today()
    if log is not None:
        with reading(log) as opened:
            return decide_from_log(program, opened, who, requirement, day=day, days=days, over=over)
    case = load_case(program, who, at)
    definition = find_definition(program, requirement)
    instances = case.instances.get(definition.entity, ())
    if not case.complete:
        raise Misuse("the case is not complete, so nothing is decided yet", "add `complete: true` to it")
    if not instances or (of and of not in instances) or (not of and len(instances) > 1):
        raise Misuse(f"the case does not say which {definition.entity} is meant", f"add `--of`: {', '.join(instances)}")
    fact = member_facts(program, over, definition) if over else None
    return decide(program, case, definition, of or instances[0], days=days, over=fact), None


@permit_app.command()
def verify(
    permit: Annotated[str, typer.Argument(metavar="PERMIT", help="A file, or `-` for stdin.")],
    key: Annotated[
        list[Path],
        typer.Option(
            "--key",
            metavar="FILE",
            help="The issuer's public key: a JWK, a set of them, or the issuer's metadata, whose keys sign for that "
            "issuer alone. Repeatable.",
        ),
    ],
    issuer: Annotated[
        str | None, typer.Option("--issuer", metavar="NAME", help="Accept this issuer's permits only.")
    ] = None,
    status: Annotated[
        Path | None, typer.Option("--status", metavar="FILE", help="The status list, as last fetched.")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DAY", help="As of noon on a day; now if not given.")
    ] = None,
    nonce: Nonce = None,
    audience: Audience = None,
    unproved: Annotated[
        bool, typer.Option("--unproved", help="Do not ask the holder of a bound permit to prove to have its key.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a permit offline: signature, days, disclosures, the holder's proof and, with its list, whether it was
    taken back."""
    from datetime import time

    from api.history.access import read_day
    from api.permits.credential import verify as check
    from api.permits.keys import read_all_public

    now = datetime.combine(read_day(on, "--on"), time(12), UTC) if on else datetime.now(UTC)
    listed = _text(str(status)) if status is not None else None
    verification = check(
        _text(permit),
        read_all_public(key),
        now,
        listed,
        challenge=_challenge(nonce, audience),
        needs_holder=not unproved,
        clock=None if on else now,
        issuer=issuer or "",
    )
    if as_json:
        print(json.dumps({**asdict(verification), "sound": verification.sound}, ensure_ascii=False))
    else:
        _show(verification)
    raise typer.Exit(ExitCode.DONE if verification.sound else ExitCode.FAILED)


def _show(verification: Any) -> None:
    from api.cli.output import complain, say

    for problem in verification.problems:
        complain(f"not to be relied on: {problem}")
    if not verification.claims:
        return
    claims = verification.claims
    name = claims.get("label") or claims.get("requirement")
    say(f"{name}: {claims.get('decided_for')} to {claims.get('holds_until')}")
    for asked in claims.get("circumstances", ()):
        say(f"only for {asked.get('label')}: {asked.get('value')}")
    rules = claims.get("law", {}).get("ruleset")
    say(f"issued by {claims.get('iss')} by the rules `{rules}`; status: {verification.status}")
    if verification.holder != "anybody":
        say(f"holder's key: {verification.holder}")
    for name, value in verification.disclosed.items():
        say(f"{name}: {', '.join(map(_class_code, value)) if isinstance(value, list) else value}")


def _class_code(privilege: Any) -> str:
    """The code of a privilege, international or the jurisdiction's own."""
    own = privilege.get("domestic_vehicle_class", {}).get("domestic_vehicle_class_code", "")
    return str(privilege.get("vehicle_category_code", own))


def _challenge(nonce: str | None, audience: str | None) -> Any:
    """What the holder is asked to sign; None if nothing. Raises Misuse for a half of it."""
    from api.permits.holder import Challenge

    if nonce is None and audience is None:
        return None
    if not nonce or not audience:
        raise Misuse("a challenge has two parts", "give `--nonce` and `--audience`")
    return Challenge(nonce, audience)


@permit_app.command()
def present(
    permit: Annotated[str, typer.Argument(metavar="PERMIT", help="A file, or `-` for stdin.")],
    hide: Annotated[
        list[str] | None, typer.Option("--hide", metavar="NAME", help="`subject` or `driving_privileges`.")
    ] = None,
    holder_key: Annotated[
        Path | None, typer.Option("--holder-key", metavar="FILE", help="The holder's private key: proves who shows it.")
    ] = None,
    nonce: Nonce = None,
    audience: Audience = None,
) -> None:
    """Print a permit without what its holder withholds, with the proof that a verifier asked for."""
    from api.permits.credential import without
    from api.permits.holder import with_proof
    from api.permits.keys import read_private

    shown, challenge = without(_text(permit), hide or []), _challenge(nonce, audience)
    if (holder_key is None) != (challenge is None):
        raise Misuse("a proof needs a key and a challenge", "give `--holder-key`, `--nonce` and `--audience` together")
    if holder_key is not None and challenge is not None:
        shown = with_proof(shown, read_private(holder_key), challenge, datetime.now(UTC))
    print(shown)


@contextmanager
def _names(log: Path | None) -> Iterator[Any]:
    """The log that says whose permits are; None without one."""
    from api.history.access import reading

    if log is None:
        yield None
        return
    with reading(log) as opened:
        yield opened


@permit_app.command("list")
def list_permits(
    key: Key,
    register: Folder,
    log: LogOption = None,
    issuer: IssuerName = NAME,
    status_at: StatusAt = STATUS_AT,
    as_json: AsJson = False,
) -> None:
    """List what was issued, and what was taken back and why. The log says whose those are that were decided by it."""
    from api.cli.output import say

    entries = _register(register, key, issuer, status_at).entries()
    with _names(log) as names:
        whose = [entry.told(names) for entry in entries]
    if as_json:
        listed = [{**asdict(entry), "subject": name} for entry, name in zip(entries, whose, strict=True)]
        print(json.dumps(listed, default=str, ensure_ascii=False))
        return
    for entry, name in zip(entries, whose, strict=True):
        codes = f" {' '.join(entry.codes)}" if entry.codes else ""
        standing = "stands" if entry.holds_until >= date.today() else "has run out"
        state = f"revoked {entry.revoked_at}: {entry.why}" if entry.revoked_at else standing
        say(f"{entry.place}  {name}  {entry.requirement}{codes}  {entry.decided_for} to {entry.holds_until}  {state}")


@permit_app.command()
def revoke(
    place: Annotated[int, typer.Argument(metavar="PERMIT", help="Its number in the register.")],
    key: Key,
    register: Folder,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, which the register keeps.")],
    issuer: IssuerName = NAME,
    status_at: StatusAt = STATUS_AT,
) -> None:
    """Revoke a permit by hand."""
    from api.cli.output import say

    done = _register(register, key, issuer, status_at).revoke(place, why, datetime.now(UTC))
    say(f"permit {place} is revoked" if done else f"permit {place} was revoked before")


@permit_app.command()
def status(key: Key, register: Folder, issuer: IssuerName = NAME, status_at: StatusAt = STATUS_AT) -> None:
    """Sign the current status list anew: a signature is good for a day."""
    from api.cli.output import say

    permits = _register(register, key, issuer, status_at)
    entries = permits.entries()
    path = permits.publish(datetime.now(UTC))
    say(f"{path}: {len(entries):,} issued, {sum(entry.revoked_at is not None for entry in entries):,} revoked")


def revising(
    folder: Path, key: Path | None, issuer: str, status_at: str, *, log: Path | None, as_json: bool
) -> Callable[[Any], list[int]]:
    """What `rulewright follow` does for permits: ask again about each that stands, and take back some. It gives the
    ends of the logs that it read to."""
    from api.history.letters import all_reading
    from api.history.parts import parts_of
    from api.history.population import Population
    from api.permits.revise import revise

    if key is None:
        raise Misuse("no key signs the status list", "add `--permit-key FILE`")
    register = _register(folder, key, issuer, status_at)

    def revised(program: Any) -> list[int]:
        with all_reading(parts_of(log)) as opened:
            heads = [part.head() for part in opened]
            told(revise(program, Population(opened, log), register, date.today(), datetime.now(UTC)), as_json)
        return heads

    return revised


def told(entries: Sequence[Any], as_json: bool) -> None:
    """Say which permits were taken back."""
    from api.cli.output import count, say

    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], ensure_ascii=False))
        return
    for entry in entries:
        say(f"revoked {entry.place}  {entry.subject}: {entry.why}")
    say(f"{count(len(entries), 'permit')} revoked")


def _register(folder: Path, key: Path, issuer: str, status_at: str) -> Any:
    from api.permits.credential import Issuer
    from api.permits.keys import read_private
    from api.permits.register import Register

    if not folder.is_dir():
        raise Failure(f"there is no register `{folder}`", "`rulewright permit issue` makes one")
    return Register(folder, Issuer(issuer, read_private(key), status_at))


def _text(path: str) -> str:
    if path == "-":
        return sys.stdin.read(1_000_001)
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"`{path}` cannot be read as a token", "name a file that holds one") from None
