"""A manifest and a sidecar with everything, and each bound: what is still right, what is wrong, and its code."""

from typing import Any

MANIFEST = "starminer.mod-manifest.v1"
SIDECAR = "smmods.mod-release-submission.v1"

SETTING = {
    "key": "mood",
    "label": "Mood",
    "type": "select",
    "default": "calm",
    "options": [{"value": "calm", "label": "Calm"}, {"value": 2, "label": "Two"}],
    "description": "How it looks.",
}
NUMBER = {"key": "n", "label": "N", "type": "integer", "default": 5, "minimum": 1, "maximum": 9.5}
RELATION = {"id": "example.other", "version": "^1.0.0", "optional": True}
FULL: dict[str, dict[str, Any]] = {
    MANIFEST: {
        "schema": MANIFEST,
        "id": "example.hello-lua",
        "name": "Hello",
        "version": "0.1.3",
        "targetGameBuild": "0.9.0",
        "entrypoints": [{"type": "lua", "path": "Content/init.lua"}],
        "description": "Says hello.",
        "authors": ["Ada"],
        "license": "MIT",
        "framework": ">=0.5.8 <0.6.0",
        "dependencies": [RELATION],
        "conflicts": [RELATION],
        "modConfig": {"path": "Config/hello.json", "settings": [SETTING, NUMBER]},
    },
    SIDECAR: {
        "schema": SIDECAR,
        "modId": "example.hello-lua",
        "name": "Hello",
        "version": "0.1.3",
        "targetGameBuild": "0.9.0",
        "dependencies": [RELATION],
        "summary": "Says hello.",
        "license": "MIT",
        "description": "Hello.",
        "changelog": "First.",
        "categories": ["gameplay"],
        "links": {
            "homepage": "https://example.com",
            "source": "https://example.com/a",
            "issues": "https://example.com/b?c=d#e",
        },
        "package": {"fileName": "example.hello-lua-v0.1.3.zip", "sha256": "0" * 64, "sizeBytes": 1},
    },
}

S = "/modConfig/settings/0"
N = "/modConfig/settings/1"
LONG_ID = "a." + "b" * 98
RELATIONS = [{"id": f"example.n{number}", "version": "*"} for number in range(101)]
OPTIONS = [{"value": number, "label": "x"} for number in range(101)]
URL = "https://example.com/"

#: (document, where, what is still right, what is wrong, the code of it)
BOUNDS: list[tuple[str, str, Any, Any, str]] = [
    *(
        (schema_id, pointer, good, bad, code)
        for schema_id, pointer in ((MANIFEST, "/id"), (SIDECAR, "/modId"), (MANIFEST, "/dependencies/0/id"))
        for good, bad, code in (
            ("a.b", "ab", "too_short"),
            ("a.b", "abc", "wrong_form"),
            (LONG_ID, LONG_ID + "b", "too_long"),
            ("a.b-c.d0", "a.B", "wrong_form"),
            ("0a.b", "-a.b", "wrong_form"),
            ("a.b", "a..b", "wrong_form"),
            ("a.b", "a.b.", "wrong_form"),
            ("a.b", ".a.b", "wrong_form"),
            ("a.b", "a_b.c", "wrong_form"),
            ("a.b", "a.b\n", "wrong_form"),
            ("a.b", "ä.b", "wrong_form"),
        )
    ),
    *(
        (schema_id, "/name", good, bad, code)
        for schema_id in (MANIFEST, SIDECAR)
        for good, bad, code in (
            ("n", "", "too_short"),
            ("n" * 80, "n" * 81, "too_long"),
            ("😀" * 80, "😀" * 81, "too_long"),
            ("a b", " ab", "wrong_form"),
            ("a b", "ab ", "wrong_form"),
            ("a b", "a\nb", "wrong_form"),
        )
    ),
    *(
        (schema_id, "/version", good, bad, code)
        for schema_id in (MANIFEST, SIDECAR)
        for good, bad, code in (
            ("0.0.0", "0.0", "wrong_version"),
            ("1.2.3-beta.1", "1.2.3+build", "wrong_version"),
            ("1.2.3", "v1.2.3", "wrong_version"),
            ("1.2.3", "01.2.3", "wrong_version"),
            ("1.2.3", "1.2.3-", "wrong_version"),
            ("1.2.3-" + "a" * 58, "1.2.3-" + "a" * 59, "wrong_version"),
        )
    ),
    *(
        (schema_id, "/targetGameBuild", good, bad, code)
        for schema_id in (MANIFEST, SIDECAR)
        for good, bad, code in (
            ("a", "", "too_short"),
            ("0" * 40, "0" * 41, "too_long"),
            ("A.b_c-0", ".a", "wrong_form"),
            ("a", "a b", "wrong_form"),
        )
    ),
    *(
        (schema_id, "/license", good, bad, code)
        for schema_id in (MANIFEST, SIDECAR)
        for good, bad, code in (
            ("MIT", "", "wrong_licence"),
            ("MIT OR Apache-2.0", "MIT OR", "wrong_licence"),
            ("LicenseRef-my-own", "Foo", "wrong_licence"),
            ("LicenseRef-" + "a" * 189, "LicenseRef-" + "a" * 190, "wrong_licence"),
        )
    ),
    *(
        (MANIFEST, pointer, good, bad, code)
        for pointer in ("/framework", "/dependencies/0/version", "/conflicts/0/version")
        for good, bad, code in (
            ("*", "", "wrong_range"),
            ("1.x", "newest", "wrong_range"),
            (">=1.0.0" + " " * 93, ">=1.0.0" + " " * 94, "wrong_range"),
        )
    ),
    (MANIFEST, "/entrypoints", [{"type": "lua", "path": "a"}], [], "too_few"),
    (
        MANIFEST,
        "/entrypoints",
        [{"type": "data", "path": "a"}] * 32,
        [{"type": "lua", "path": "a"}] * 33,
        "too_many",
    ),
    (MANIFEST, "/entrypoints/0/type", "native", "exe", "wrong_value"),
    (MANIFEST, "/entrypoints/0/type", "data", "Lua", "wrong_value"),
    (MANIFEST, "/entrypoints/0/path", "a", "", "too_short"),
    (MANIFEST, "/entrypoints/0/path", "a" * 180, "a" * 181, "too_long"),
    *(
        (MANIFEST, "/entrypoints/0/path", "a/b", bad, "wrong_form")
        for bad in ("/a", "a/", "a\\b", "C:a", "a:b", "a\\", "\\a")
    ),
    (MANIFEST, "/description", "", None, "wrong_type"),
    (MANIFEST, "/description", "d" * 300, "d" * 301, "too_long"),
    (MANIFEST, "/authors", ["a"], [], "too_few"),
    (MANIFEST, "/authors", ["a"] * 20, ["a"] * 21, "too_many"),
    (MANIFEST, "/authors/0", "a", "", "too_short"),
    (MANIFEST, "/authors/0", "a" * 80, "a" * 81, "too_long"),
    *(
        (schema_id, pointer, good, bad, code)
        for schema_id, pointer in (
            (MANIFEST, "/dependencies"),
            (MANIFEST, "/conflicts"),
            (SIDECAR, "/dependencies"),
        )
        for good, bad, code in ((RELATIONS[:100], RELATIONS, "too_many"), ([], {}, "wrong_type"))
    ),
    (MANIFEST, "/modConfig/path", "Config/a.json", "Config/a.lua", "wrong_form"),
    (MANIFEST, "/modConfig/path", "Config/a/b.json", "Content/a.json", "wrong_form"),
    *(
        (MANIFEST, "/modConfig/path", "Config/a.b.json", bad, "wrong_form")
        for bad in (
            "Config/../a.json",
            "Config/./a.json",
            "Config//a.json",
            "/Config/a.json",
            "Config\\a.json",
            "Config/a:b.json",
            "Config/.json",
            "Config/..json",
            "config/a.json",
            "Config/a.json/",
        )
    ),
    (
        MANIFEST,
        "/modConfig/path",
        "Config/" + "a" * 168 + ".json",
        "Config/" + "a" * 169 + ".json",
        "too_long",
    ),
    (MANIFEST, "/modConfig/path", "Config/a.json", "", "too_short"),
    (MANIFEST, "/modConfig/settings", [], None, "wrong_type"),
    (MANIFEST, "/modConfig/settings", [SETTING] * 200, [SETTING] * 201, "too_many"),
    (MANIFEST, f"{S}/key", "k", "", "too_short"),
    (MANIFEST, f"{S}/key", "k" * 80, "k" * 81, "too_long"),
    (MANIFEST, f"{S}/key", "0.a_b-c", ".a", "wrong_form"),
    (MANIFEST, f"{S}/key", "a", "a b", "wrong_form"),
    (MANIFEST, f"{S}/label", "l", "", "too_short"),
    (MANIFEST, f"{S}/label", "l" * 120, "l" * 121, "too_long"),
    (MANIFEST, f"{S}/type", "string", "choice", "wrong_value"),
    (MANIFEST, f"{S}/default", True, None, "wrong_type"),
    (MANIFEST, f"{S}/default", 1.5, [], "wrong_type"),
    (MANIFEST, f"{S}/default", "d" * 300, "d" * 301, "too_long"),
    (MANIFEST, f"{S}/options", OPTIONS[:1], [], "too_few"),
    (MANIFEST, f"{S}/options", OPTIONS[:100], OPTIONS, "too_many"),
    (MANIFEST, f"{S}/options/0/value", "v" * 300, "v" * 301, "too_long"),
    (MANIFEST, f"{S}/options/0/value", False, {}, "wrong_type"),
    (MANIFEST, f"{S}/options/0/label", "l", "", "too_short"),
    (MANIFEST, f"{S}/options/0/label", "l" * 120, "l" * 121, "too_long"),
    (MANIFEST, f"{S}/description", "", 1, "wrong_type"),
    (MANIFEST, f"{S}/description", "d" * 300, "d" * 301, "too_long"),
    (MANIFEST, f"{N}/minimum", -1.5, "1", "wrong_type"),
    (MANIFEST, f"{N}/maximum", 2, True, "wrong_type"),
    (SIDECAR, "/summary", "s", "", "too_short"),
    (SIDECAR, "/summary", "s" * 200, "s" * 201, "too_long"),
    (SIDECAR, "/summary", "a b", "a\nb", "wrong_form"),
    (SIDECAR, "/summary", "a b", "a\rb", "wrong_form"),
    (SIDECAR, "/description", "d\n" * 25_000, "d" * 50_001, "too_long"),
    (SIDECAR, "/changelog", "d\n" * 25_000, "d" * 50_001, "too_long"),
    (SIDECAR, "/categories", list("abcde"), list("abcdef"), "too_many"),
    (SIDECAR, "/categories", ["a", "b"], ["a", "a"], "said_twice"),
    (SIDECAR, "/categories/0", "a", "", "too_short"),
    (SIDECAR, "/categories/0", "a" * 40, "a" * 41, "too_long"),
    (SIDECAR, "/categories/0", "0-a", "-a", "wrong_form"),
    (SIDECAR, "/categories/0", "a", "A", "wrong_form"),
    *(
        (SIDECAR, f"/links/{name}", good, bad, code)
        for name in ("homepage", "source", "issues")
        for good, bad, code in (
            (URL, "", "too_short"),
            (URL + "a" * 480, URL + "a" * 481, "too_long"),
            (URL, "http://example.com/", "wrong_form"),
            (URL, "javascript:alert(1)", "wrong_form"),
            (URL, "https://user@example.com/", "wrong_form"),
            (URL, "https://example.com\\@evil/", "wrong_form"),
            (URL, "https://example.com/ a", "wrong_form"),
            (URL, "https://", "wrong_form"),
            (URL, "//example.com/", "wrong_form"),
        )
    ),
    (SIDECAR, "/package/fileName", "a.zip", ".zip", "too_short"),
    (SIDECAR, "/package/fileName", "a" * 206 + ".zip", "a" * 207 + ".zip", "too_long"),
    *(
        (SIDECAR, "/package/fileName", "a_b-c.1.zip", bad, "wrong_form")
        for bad in ("../a.zip", "a/b.zip", "a.zip\n", "a.zip.exe", "-a.zip", "a b.zip")
    ),
    (SIDECAR, "/package/sha256", "a" * 64, "a" * 63, "wrong_form"),
    (SIDECAR, "/package/sha256", "a" * 64, "A" * 64, "wrong_form"),
    (SIDECAR, "/package/sizeBytes", 1, 0, "too_small"),
    (SIDECAR, "/package/sizeBytes", 104_857_600, 1.5, "wrong_type"),
]
