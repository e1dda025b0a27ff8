"""What a bench file says of a switch: ``driver`` names it, the other keys are that driver's.

power: {driver: uhubctl, location: "1-1", port: 2}
power: {on: "COMMAND", off: "COMMAND"}            # the first form that there was: driver command
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from harness.plans import benchwords

# Of every device in the network that asks who switches it.
_Host = Annotated[str, Field(pattern=benchwords.HOST, description="Its name or address.")]
_User = Annotated[str, Field(description="Who logs in, where it asks for that.")]
_PasswordIn = Annotated[
    str, Field(pattern=benchwords.VARIABLE, description="The environment variable that holds its password.")
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CommandPower(_Part):
    """The commands that switch a unit's power. No shell reads them: their words are split at blanks, quotes keep some together."""

    driver: Literal["command"] = Field(default="command", description="Two commands of one's own.")
    on: str = Field(min_length=1, description="Switches it on: ends with status 0 when it is.")
    off: str = Field(min_length=1, description="Switches it off.")


class UhubctlPower(_Part):
    """A port of a USB hub that switches ports one by one."""

    driver: Literal["uhubctl"] = Field(description="A USB hub, through the program `uhubctl`.")
    location: str = Field(pattern=benchwords.HUB, description="Where the hub is: `1-1.4`, as `uhubctl` lists it.")
    port: int | None = Field(default=None, ge=1, le=30, description="Which port of it; left out: all of them.")


class YkushPower(_Part):
    """A downstream port of a Yepkit YKUSH, YKUSH3 or YKUSHXS."""

    driver: Literal["ykush"] = Field(description="A Yepkit YKUSH hub, through the program `ykushcmd`.")
    port: int | None = Field(default=None, ge=1, le=3, description="Which downstream port; left out: all of them.")
    serial: str = Field(
        default="",
        pattern=benchwords.SERIAL,
        description="The hub's serial number (`ykushcmd -l`), where there are several.",
    )
    model: Literal["ykush", "ykush3", "ykushxs"] = Field(default="ykush", description="Which hub it is.")


class ShellyPower(_Part):
    """A relay of a Shelly plug or switch in the local network, of any generation."""

    driver: Literal["shelly"] = Field(description="A Shelly plug or relay.")
    host: _Host
    channel: int = Field(default=0, ge=0, le=15, description="Which relay, from 0 on.")
    user: _User = "admin"
    password_env: _PasswordIn = ""


class TasmotaPower(_Part):
    """A relay of a device that runs Tasmota."""

    driver: Literal["tasmota"] = Field(description="A plug or relay with Tasmota.")
    host: _Host
    output: int = Field(default=1, ge=1, le=32, description="Which relay, from 1 on.")
    user: _User = "admin"
    password_env: _PasswordIn = ""


class HttpPower(_Part):
    """Anything that is switched by a request: a power strip, a home automation server."""

    driver: Literal["http"] = Field(description="Whatever is switched by HTTP requests.")
    on: str = Field(pattern=benchwords.URL, description="The address that switches it on.")
    off: str = Field(pattern=benchwords.URL, description="The address that switches it off.")
    method: Literal["GET", "POST", "PUT"] = Field(default="GET", description="How both are asked for.")
    on_body: str = Field(default="", description="What is sent to switch it on; JSON where it begins with a brace.")
    off_body: str = Field(default="", description="What is sent to switch it off.")
    state: str = Field(default="", pattern=benchwords.MAYBE_URL, description="An address that tells whether it is on.")
    state_on: str = Field(
        default="", description="The text that its answer has when it is on, and has not when it is off."
    )
    user: str = Field(default="", description="Who logs in (HTTP Basic).")
    password_env: str = Field(
        default="", pattern=benchwords.VARIABLE, description="The environment variable that holds the password."
    )
    token_env: str = Field(
        default="", pattern=benchwords.VARIABLE, description="The environment variable that holds a bearer token."
    )


class VirtualPower(_Part):
    """A port of a virtual hub: ``hil virtual --rack``."""

    driver: Literal["virtual"] = Field(description="A hub of virtual boards: `hil virtual --rack`.")
    hub: str = Field(min_length=1, max_length=39, description="The hub's name.")
    port: int | None = Field(default=None, ge=1, description="Which port of it; left out: all of them.")


#: The driver of ``VirtualPower``.
HUB_OF_OURS: Final = "virtual"
_Known = CommandPower | UhubctlPower | YkushPower | ShellyPower | TasmotaPower | HttpPower | VirtualPower


def _old_form(tree: Any) -> Any:
    """Before there were drivers there was one: its two commands alone are still a switch."""
    return {"driver": "command", **tree} if isinstance(tree, dict) and "driver" not in tree else tree


PowerSpec = Annotated[Annotated[_Known, Field(discriminator="driver")], BeforeValidator(_old_form)]
DRIVERS: Final = tuple(kind.model_fields["driver"].annotation.__args__[0] for kind in get_args(_Known))


def told(spec: _Known) -> dict[str, Any]:
    """The keys that a bench file has for it: no defaults."""
    return spec.model_dump(exclude_defaults=True)
