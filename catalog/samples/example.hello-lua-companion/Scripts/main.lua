-- Hello Lua Companion: greets everybody of the crew with the words of Hello Lua.
--
-- The manifest names example.hello-lua as a dependency, so the manager installs it and the framework loads it
-- first; game.mod(id) then gives the table that its entrypoint returned.

local companion = { id = "example.hello-lua-companion" }

-- The crew's names in a fixed order, so that the same crew is greeted in the same way every time.
local function names(crew)
  local found = {}
  for _, member in pairs(crew) do
    found[#found + 1] = member.name
  end
  table.sort(found)
  return found
end

function companion.on_load(game)
  local hello = game.mod("example.hello-lua")
  local crew = names(game.crew())
  if #crew == 0 then
    game.log("Nobody else is aboard.")
    return
  end
  for _, name in ipairs(crew) do
    game.log(hello.greet(game, name))
  end
end

return companion
