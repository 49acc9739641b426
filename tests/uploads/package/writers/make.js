// Wrote the samples in this folder once, from a folder with the four files of `test_writers.TREE`:
//   npm install yazl@3.3.1 archiver@8.0.0 jszip@3.10.2 fflate@0.8.3 adm-zip@0.6.1 && node make.js FOLDER OUT
const fs = require("fs");
const path = require("path");
const stream = require("stream/promises");
const [, , folder, out] = process.argv;
const files = ["manifest.json", "Content/hello/init.lua", "LICENSE", "Content/größe.lua"];
const read = (name) => fs.readFileSync(path.join(folder, name));
const to = (name) => fs.createWriteStream(path.join(out, name));

async function yazl() {
  const zip = new (require("yazl").ZipFile)();
  files.forEach((name) => zip.addFile(path.join(folder, name), name));
  zip.end();
  await stream.pipeline(zip.outputStream, to("yazl.zip"));
}

async function yazlStream() {
  const zip = new (require("yazl").ZipFile)();
  zip.addEmptyDirectory("Content");
  files.forEach((name) => zip.addReadStream(fs.createReadStream(path.join(folder, name)), name, { compress: name !== "LICENSE" }));
  zip.end({ comment: "made by yazl" });
  await stream.pipeline(zip.outputStream, to("yazl-stream.zip"));
}

async function archiver() {
  const archiver = require("archiver");
  const zip = archiver.ZipArchive ? new archiver.ZipArchive() : archiver("zip");
  zip.directory(folder, "my-mod");
  const done = stream.pipeline(zip, to("archiver.zip"));
  await zip.finalize();
  await done;
}

async function archiverStored() {
  const archiver = require("archiver");
  const options = { store: true, forceZip64: true };
  const zip = archiver.ZipArchive ? new archiver.ZipArchive(options) : archiver("zip", options);
  zip.directory(folder, false);
  const done = stream.pipeline(zip, to("archiver-stored-zip64.zip"));
  await zip.finalize();
  await done;
}

async function jszip() {
  const zip = new (require("jszip"))();
  files.forEach((name) => zip.file(name, read(name)));
  fs.writeFileSync(path.join(out, "jszip.zip"), await zip.generateAsync({ type: "nodebuffer" }));
  const streamed = zip.generateNodeStream({ streamFiles: true, compression: "DEFLATE", platform: "UNIX" });
  await stream.pipeline(streamed, to("jszip-stream.zip"));
}

function fflate() {
  const entries = Object.fromEntries(files.map((name) => [name, new Uint8Array(read(name))]));
  fs.writeFileSync(path.join(out, "fflate.zip"), require("fflate").zipSync(entries));
}

function admZip() {
  const zip = new (require("adm-zip"))();
  zip.addLocalFolder(folder);
  zip.writeZip(path.join(out, "adm-zip.zip"));
}

(async () => {
  for (const make of [yazl, yazlStream, archiver, archiverStored, jszip, fflate, admZip]) await make();
})();
