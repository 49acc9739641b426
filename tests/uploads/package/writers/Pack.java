import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Packs the folder given first into the file given second, as Java programs do. */
class Pack {
  public static void main(String[] given) throws IOException {
    Path folder = Path.of(given[0]);
    try (OutputStream file = Files.newOutputStream(Path.of(given[1]));
        ZipOutputStream zip = new ZipOutputStream(file)) {
      for (Path path : (Iterable<Path>) Files.walk(folder).filter(Files::isRegularFile)::iterator) {
        zip.putNextEntry(new ZipEntry(folder.relativize(path).toString()));
        Files.copy(path, zip);
        zip.closeEntry();
      }
    }
  }
}
