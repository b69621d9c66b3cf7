//! Prepares what the program embeds: its migrations, and the files of the Swagger page.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Cursor, Read};
use std::path::Path;
use std::{env, fs};

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::{CompressionMethod, ZipArchive};

/// The files that the page needs, of the many in the archive of Swagger UI.
const FILES: [&str; 7] = [
    "favicon-16x16.png",
    "favicon-32x32.png",
    "index.css",
    "index.html",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

/// A gzip file begins with this: deflated data, no name, no time, an unknown system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo does not notice new migrations by itself.
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=build.rs");
    let folder = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    write_swagger_files(Path::new(&folder))
}

/// Writes each file as a gzip file, without compressing it again: a zip archive has the same deflated data. Then writes
/// the list of the files as Rust.
fn write_swagger_files(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let mut list = format!("const FILES: [(&str, &[u8]); {}] = [\n", FILES.len());
    for name in FILES {
        let ending = format!("/dist/{name}");
        // Other folders have files of the same names.
        let is_meant = |path: &str| path.ends_with(&ending) && path.matches('/').count() == 2;
        let index = archive.file_names().position(|path| path.is_ok_and(|path| is_meant(&path)));
        let mut entry = archive.by_index_raw(index.ok_or_else(|| format!("the archive has no {name}"))?)?;
        let mut file = GZIP_HEADER.to_vec();
        match entry.compression() {
            CompressionMethod::DEFLATE => {}
            // Deflated data may have a block that is not compressed: its mark, and its length twice.
            CompressionMethod::Stored => {
                let length = u16::try_from(entry.size())?;
                file.push(1);
                file.extend(length.to_le_bytes());
                file.extend((!length).to_le_bytes());
            }
            other => return Err(format!("{name} is compressed by {other}").into()),
        }
        entry.read_to_end(&mut file)?;
        file.extend(entry.crc32().to_le_bytes());
        file.extend(u32::try_from(entry.size())?.to_le_bytes());
        let path = folder.join(format!("{name}.gz"));
        fs::write(&path, file)?;
        writeln!(list, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    list.push_str("];\n");
    Ok(fs::write(folder.join("swagger_files.rs"), list)?)
}
