"""Every kind of signal: what it means, what to look for, and what it weighs.

The code, the reports, the moderators' pages and `docs/signals.md` read this one table. A weight says how soon
a person should look, from 0 (good to know) to 3 (look here first). None of them refuses a package.
"""

from dataclasses import dataclass
from typing import Literal

from uploads.signals.found import Signal

Weight = Literal[0, 1, 2, 3]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of signal. `explanation`: what it means, and what to look for. `portal`: found by comparing with
    what the portal knows, not by looking into the package alone."""

    code: str
    title: str
    explanation: str
    weight: Weight
    portal: bool = False


SIGNALS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            "dll_like_the_games",
            "A DLL named like one that games load",
            "A game loads a library of this name from its own folder without being asked, so it runs as soon as "
            "the game starts. Look for a reason in the description (a script extender, say), and for its source.",
            3,
        ),
        Kind(
            "new_executable",
            "A program that was not there before",
            "The last approved release has no program of this name, or other bytes under it. Ask for its source, "
            "and look at what it imports.",
            2,
            portal=True,
        ),
        Kind(
            "pe_network",
            "A program that uses the network",
            "The program imports functions that open connections or fetch files. Look for what it talks to: "
            "the addresses among its strings, and a reason in the description.",
            2,
        ),
        Kind(
            "pe_process",
            "A program that starts programs",
            "The program imports functions that start other programs or commands. A mod rarely needs to; look "
            "for the command among its strings.",
            2,
        ),
        Kind(
            "pe_injection",
            "A program that reaches into other programs",
            "The program imports functions that write into the memory of other programs or run code there. "
            "Hooks of a script extender do so within the game; malware does so to hide. Ask for the source.",
            3,
        ),
        Kind(
            "pe_packed",
            "A packed or encrypted program",
            "A section that runs is as random as compressed or encrypted data, or is named as a packer names it, "
            "so nobody can read what it does. Ask for the program unpacked, or for its source.",
            2,
        ),
        Kind(
            "pe_overlay",
            "Data behind the end of a program",
            "Bytes follow that belong to no section and no signature: an installer's payload, or something "
            "hidden. Look at them in the viewer; a few bytes of padding are harmless.",
            1,
        ),
        Kind(
            "pe_odd",
            "A program whose headers make no sense",
            "The headers contradict each other or the file, so what is shown of it may not be what Windows "
            "loads. Compilers write no such files; ask how it was made.",
            2,
        ),
        Kind(
            "pe_signature_foreign",
            "A signature that is not this program's",
            "The program carries a signature that was made for other bytes: it was changed after signing, or the "
            "signature was copied to look trustworthy. Compare the file with the one that its maker publishes.",
            3,
        ),
        Kind(
            "pe_large",
            "A program too large to be read whole",
            "Only its first 32 MiB were taken apart, so imports and data behind them are not shown. Ask why it "
            "is that large, and for its source.",
            1,
        ),
        Kind(
            "lua_os_execute",
            "Lua runs a command",
            "`os.execute` hands a line to the system's shell. Hardly a mod needs it; look at what is run, and where "
            "the text comes from.",
            3,
        ),
        Kind(
            "lua_io_popen",
            "Lua runs a command and reads what it says",
            "`io.popen` starts a program and reads from it or writes to it. Hardly a mod needs it; look at what "
            "is run, and where the text comes from.",
            3,
        ),
        Kind(
            "lua_dynamic_load",
            "Lua runs text as code",
            "`load` or `loadstring` gets something else than a text written out, so the code that runs is not "
            "the code that you read. Look where the text comes from: a saved table is common, a decoded or "
            "downloaded text is not.",
            1,
        ),
        Kind(
            "lua_other_file",
            "Lua runs a file that is not named as Lua",
            "`dofile` or `loadfile` takes code from a file of another ending, which is not searched as code here. "
            "Read that file as code.",
            2,
        ),
        Kind(
            "lua_bytecode",
            "Compiled Lua",
            "Compiled Lua cannot be read, and crafted bytecode can break out of the interpreter. Ask for the "
            "source; the game takes it as well.",
            3,
        ),
        Kind(
            "lua_encoded_text",
            "A long encoded text in Lua",
            "A long run of Base64, hexadecimal digits or escapes says nothing to a reader. Pictures and saved "
            "buildings look like that; look for what decodes it.",
            1,
        ),
        Kind(
            "lua_hidden_program",
            "A program or archive inside a Lua text",
            "An encoded text decodes to something that begins like a program, compiled Lua or an archive. "
            "There is hardly an honest reason; look for what writes or loads it.",
            3,
        ),
        Kind(
            "lua_native_load",
            "Lua loads a native library",
            "`package.loadlib`, `ffi` or a `require` of a DLL runs machine code, which may do anything. Look "
            "for which library, and whether it is in the package.",
            2,
        ),
        Kind(
            "lua_hidden_global",
            "Lua hides which function it calls",
            "A whole library is passed on, or a function of the system is asked for by a computed name, so "
            "`os.execute` need not appear in the text. Look at what the name can become.",
            1,
        ),
        Kind(
            "lua_file_write",
            "Lua writes or removes files",
            "`io.open` with a mode for writing, `os.remove` or `os.rename` change files of the player. Settings "
            "and saved data are usual; look for paths outside of the mod's own folders.",
            0,
        ),
        Kind(
            "lua_environment",
            "Lua reads the player's environment",
            "`os.getenv` tells the player's name and folders. Look for what becomes of it: a path for a log is "
            "harmless, a web address that it is put into is not.",
            1,
        ),
        Kind(
            "lua_turned_text",
            "Lua that reads otherwise than it is shown",
            "Invisible characters turn the direction of writing, so that an editor shows other code than runs. "
            "Languages written from right to left do without these; look at the line byte by byte.",
            3,
        ),
        Kind(
            "lua_large",
            "Lua too large to be read as a whole",
            "The file was read in pieces or by words alone, so a finding in it may be missing or misplaced. "
            "Look whether it is really a table of data.",
            1,
        ),
        Kind(
            "url_found",
            "A web address",
            "Most are credits and licences. Look for those that code asks for something: they decide after your "
            "review what they answer.",
            0,
        ),
        Kind(
            "url_risky",
            "A web address of a risky kind",
            "A bare number, a shortener, a paste site, a tunnel, a webhook, or an address that ends in a "
            "program. Look at what uses it; in a comment it may be harmless, in code it rarely is.",
            2,
        ),
        Kind(
            "url_new",
            "A web address that was not there before",
            "No earlier approved release of this mod names this address. Look at what uses it, and whether the "
            "changelog tells why.",
            1,
            portal=True,
        ),
        Kind(
            "secret_found",
            "A key or password",
            "Everybody who downloads the package can use it. Ask the author to revoke it and to upload a package "
            "without it; the portal's own keys are revoked at once.",
            1,
        ),
        Kind(
            "yara_match",
            "A YARA rule matched",
            "The bytes look like something that the rule describes. Look at the place that it names; a rule "
            "marked as blocking must be judged before an approval.",
            1,
        ),
        Kind(
            "name_like_popular_mod",
            "A name close to a popular mod's",
            "Players may take it for the other mod, which somebody else owns. Look whether it says how the two "
            "belong together.",
            2,
            portal=True,
        ),
        Kind(
            "bytes_taken_back",
            "Bytes of a file that was taken back",
            "The same file was in a release that was hidden as a danger. Look at why it was hidden; this blocks "
            "an approval until it is judged.",
            3,
            portal=True,
        ),
        Kind(
            "signals_cut",
            "More findings than are shown",
            "There are more than are kept of one package; the heaviest are. A package with so many is worth "
            "reading whole.",
            1,
        ),
        Kind(
            "check_warned",
            "A check asks for a look",
            "A check found nothing that refuses the package and something that a person should see. Its message "
            "says what; look whether it matters to players.",
            1,
            portal=True,
        ),
    )
}


def kind_of(code: str) -> Kind:
    """The row of `code`. Problems of checks come under their own codes: theirs is the row `check_warned`."""
    return SIGNALS.get(code) or SIGNALS["check_warned"]


def weight_of(signal: Signal) -> int:
    """What a signal weighs, 0 to 3: as its own rule says, or else its row."""
    return signal.weight if signal.weight is not None else kind_of(signal.code).weight
