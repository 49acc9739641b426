-- Rows as text: CSV by RFC 4180, JSON by RFC 8259. Nothing here knows the game.

local formats = {}

local COLUMNS = { "id", "name", "category", "mass", "volume" }

local function text_of(value)
  if value == nil then
    return ""
  end
  return tostring(value)
end

-- A field in quotes where it holds a comma, a quote or a line break; quotes are doubled.
local function csv_field(value)
  local text = text_of(value)
  if text:find('[,"\r\n]') then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

function formats.csv(rows)
  local lines = { table.concat(COLUMNS, ",") }
  for _, row in ipairs(rows) do
    local fields = {}
    for place, column in ipairs(COLUMNS) do
      fields[place] = csv_field(row[column])
    end
    lines[#lines + 1] = table.concat(fields, ",")
  end
  return table.concat(lines, "\r\n") .. "\r\n"
end

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function json_value(value)
  if value == nil then
    return "null"
  end
  if type(value) == "number" then
    return string.format("%.14g", value)
  end
  local text = tostring(value):gsub('[%c"\\]', function(character)
    return ESCAPES[character] or string.format("\\u%04x", character:byte())
  end)
  return '"' .. text .. '"'
end

function formats.json(rows)
  local objects = {}
  for place, row in ipairs(rows) do
    local fields = {}
    for number, column in ipairs(COLUMNS) do
      fields[number] = json_value(column) .. ": " .. json_value(row[column])
    end
    objects[place] = "  {" .. table.concat(fields, ", ") .. "}"
  end
  return "[\n" .. table.concat(objects, ",\n") .. "\n]\n"
end

return formats
