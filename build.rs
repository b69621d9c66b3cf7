//! Prepares what the program embeds: its migrations, the files of the admin UI, and those of the Swagger page. Makes the
//! program smaller.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, io};

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

/// Where `make admin` writes the files of the admin UI.
const DESK: &str = "admin/dist";

/// Builds these files, and is locked meanwhile.
const DESK_SCRIPT: &str = "scripts/build_desk.sh";

/// The page of the admin UI. The program changes it for each response, so it needs the page itself.
const DESK_PAGE: &str = "index.html";

/// A gzip file begins with this: deflated data, no name, no time, an unknown system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo does not notice new migrations by itself.
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={DESK}");
    link_smaller();
    let folder = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let folder = Path::new(&folder);
    let root = env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?;
    let root = Path::new(&root);
    let desk = root.join(DESK);
    make_watched(&desk);
    let _lock = wait_for_desk(&root.join(DESK_SCRIPT));
    write_list(folder, "desk_files.rs", &desk_files(&desk)?)?;
    write_list(folder, "swagger_files.rs", &write_swagger_files(folder)?)
}

/// Creates a missing folder. While a path that is watched is missing, cargo would compile the program again at each build.
/// A folder that is newer than this run would count as a change. Without the right to write, builds are only slower.
fn make_watched(folder: &Path) {
    let create = || fs::create_dir_all(folder).and_then(|()| File::open(folder)?.set_modified(SystemTime::UNIX_EPOCH));
    if !folder.exists() && create().is_err() {
        println!("cargo:warning=the folder {} can't be created", folder.display());
    }
}

/// Waits for the end of a build of the admin UI, and lets none begin until the file is dropped. Without a lock, the list of
/// files could be one of a build that goes on.
fn wait_for_desk(script: &Path) -> Option<File> {
    let file = File::open(script).ok()?;
    file.lock_shared().ok()?;
    Some(file)
}

/// The files of the admin UI with their names, or none if it has not been built. The program unpacks gzip files, so it
/// needs no plain file beside them.
fn desk_files(root: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(root) {
                found.push((name.to_string_lossy().replace('\\', "/"), path));
            }
        }
    }
    found.sort();
    if !found.iter().any(|(name, _)| name == DESK_PAGE) {
        return Ok(Vec::new());
    }
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let is_needed = |name: &str| match name.strip_prefix(DESK_PAGE) {
        Some(ending) => ending.is_empty(),
        None => !names.contains(&format!("{name}.gz")),
    };
    Ok(found.into_iter().filter(|(name, _)| is_needed(name)).collect())
}

/// Writes a list of files as Rust: each with its name and its bytes.
fn write_list(folder: &Path, list: &str, files: &[(String, PathBuf)]) -> Result<(), Box<dyn Error>> {
    let mut text = format!("const FILES: [(&str, &[u8]); {}] = [\n", files.len());
    for (name, path) in files {
        writeln!(text, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    text.push_str("];\n");
    Ok(fs::write(folder.join(list), text)?)
}

/// Lets the linker merge identical functions and pack the addresses that are relocated at the start. The program of
/// `make run` is an eighth smaller by that. It is done where rustc uses its own linker, which knows these options. Other
/// linkers accept them too, but not all of their programs start.
fn link_smaller() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|set| set == value);
    let is_usual = ["TARGET", "HOST"].iter().all(|name| is(name, "x86_64-unknown-linux-gnu"));
    // Cargo sets the second one if a linker is configured.
    let is_changed = env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"))
        || env::var_os("RUSTC_LINKER").is_some();
    if !is_usual || !is("PROFILE", "release") || is_changed || !has_own_linker() {
        return;
    }
    println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
    if loads_packed_addresses() {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn has_own_linker() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let root = output(Command::new(rustc).args(["--print", "sysroot"])).map(PathBuf::from);
    root.is_some_and(|root| root.join("lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld").is_file())
}

/// glibc reads packed addresses since version 2.36.
fn loads_packed_addresses() -> bool {
    let version = output(Command::new("getconf").arg("GNU_LIBC_VERSION")).unwrap_or_default();
    let minor = version.strip_prefix("glibc 2.").and_then(|minor| minor.parse::<u32>().ok());
    minor.is_some_and(|minor| minor >= 36)
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Writes each file as a gzip file, without compressing it again: a zip archive has the same deflated data.
fn write_swagger_files(folder: &Path) -> Result<Vec<(String, PathBuf)>, Box<dyn Error>> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let mut written = Vec::new();
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
        let packed = format!("{name}.gz");
        let path = folder.join(&packed);
        fs::write(&path, file)?;
        written.push((packed, path));
    }
    Ok(written)
}
