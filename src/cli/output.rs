//! The output of a command: a file that gets its name when it is complete, or standard output.

use std::fs::{self, File};
use std::io::{self, Stdout, Write};
use std::path::{Path, PathBuf};

/// The destination of the bytes of a command. A command that fails leaves a file of this name as it was.
pub enum Output {
    Stdout(Stdout),
    /// A pipe or a device, which cannot be replaced.
    Device(File),
    File(NewFile),
}

/// A file under a name of its own until it is complete.
pub struct NewFile {
    file: File,
    unfinished: PathBuf,
    path: PathBuf,
}

impl Output {
    /// `-` is standard output.
    pub fn create(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(io::stdout()));
        }
        if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            return File::create(path).map(Self::Device);
        }
        NewFile::create(path).map(Self::File)
    }

    /// Gives a file its name. Everything has been written.
    pub fn complete(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::Device(mut device) => device.flush(),
            Self::File(file) => file.complete(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Device(device) => device.write(bytes),
            Self::File(new) => new.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Device(device) => device.flush(),
            Self::File(new) => new.file.flush(),
        }
    }
}

impl NewFile {
    fn create(path: &Path) -> io::Result<Self> {
        // A link stays a link: the file that it leads to is replaced.
        let path = path.canonicalize().unwrap_or_else(|_missing| path.to_owned());
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".unfinished");
        let unfinished = path.with_file_name(name);
        Ok(Self { file: File::create(&unfinished)?, unfinished, path })
    }

    fn complete(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.unfinished, &self.path)
    }
}

impl Drop for NewFile {
    /// After the file got its name, there is none to remove.
    fn drop(&mut self) {
        let _removed = fs::remove_file(&self.unfinished);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_when_it_is_complete() {
        let folder = std::env::temp_dir().join(format!("stockroom-output-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("stock.csv");
        fs::write(&path, "old").unwrap();
        let mut broken = Output::create(&path).unwrap();
        broken.write_all(b"half").unwrap();
        drop(broken);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut whole = Output::create(&path).unwrap();
        whole.write_all(b"new").unwrap();
        whole.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
        let mut null = Output::create(Path::new("/dev/null")).unwrap();
        null.write_all(b"x").unwrap();
        null.complete().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        fs::remove_dir_all(&folder).unwrap();
    }
}
