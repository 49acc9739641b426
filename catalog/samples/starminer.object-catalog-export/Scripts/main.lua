-- Object Catalog Export: writes what the game knows of its objects to one file, once a load.
--
-- The file goes to the mod's own data folder, through game.write_file: a mod never opens files elsewhere.

local formats = require("formats")

local ID = "starminer.object-catalog-export"
local DEFAULTS = { format = "csv", includeHidden = false, limit = 10000 }

local export = { id = ID }

local function settings(game)
  local chosen = game.config(ID) or {}
  local merged = {}
  for key, default in pairs(DEFAULTS) do
    if chosen[key] == nil then
      merged[key] = default
    else
      merged[key] = chosen[key]
    end
  end
  return merged
end

-- The rows to write: sorted by id, hidden ones only if asked for, at most `limit`.
function export.rows(objects, chosen)
  local rows = {}
  for _, object in pairs(objects) do
    if chosen.includeHidden or not object.hidden then
      rows[#rows + 1] = {
        id = object.id,
        name = object.name,
        category = object.category,
        mass = object.mass,
        volume = object.volume,
      }
    end
  end
  table.sort(rows, function(a, b)
    return a.id < b.id
  end)
  for place = #rows, chosen.limit + 1, -1 do
    rows[place] = nil
  end
  return rows
end

function export.on_load(game)
  local chosen = settings(game)
  local write = formats[chosen.format] or formats.csv
  local rows = export.rows(game.objects(), chosen)
  local name = "objects." .. (formats[chosen.format] and chosen.format or "csv")
  game.write_file(ID, name, write(rows))
  game.log(string.format("Object Catalog Export: %d objects in %s.", #rows, name))
end

return export
