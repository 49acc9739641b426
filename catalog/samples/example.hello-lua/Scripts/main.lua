-- Hello Lua: greets the player when a game is loaded.
--
-- StarminerFramework loads the file that the manifest names as entrypoint and keeps the table that it returns.
-- It then calls, where the table has them:
--   on_load(game)    after a saved or new game is ready
--   on_unload(game)  before it is left
-- `game` is the framework's handle: game.log(text), game.player(), game.config(mod_id), game.mod(mod_id).

local greetings = require("greetings")

local ID = "example.hello-lua"
local DEFAULTS = { tone = "friendly", everyLoad = true }

local hello = { id = ID }
local greeted = false

-- A setting of this mod, or its default where the player has not touched it.
local function setting(game, key)
  local chosen = game.config(ID) or {}
  if chosen[key] == nil then
    return DEFAULTS[key]
  end
  return chosen[key]
end

-- What other mods use: the greeting for somebody, in the tone that the player chose.
function hello.greet(game, name)
  return greetings.line(setting(game, "tone"), name)
end

function hello.on_load(game)
  if greeted and not setting(game, "everyLoad") then
    return
  end
  greeted = true
  game.log(hello.greet(game, game.player().name))
end

return hello
