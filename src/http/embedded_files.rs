//! Files that are part of the program: their compressed forms, and the rules by which clients and caches get them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::OnceLock;

use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, ETag, Encoding, EntityTag, Header, IfNoneMatch};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

/// For a file whose name changes with its content.
pub const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Caches keep the file, and ask whether it has changed before each use.
pub const ASK_AGAIN: &str = "no-cache";

/// A name and its bytes, as `build.rs` lists them. A name with the ending `.br` or `.gz` is a compressed form of the file
/// without that ending.
pub type Listed = (&'static str, &'static [u8]);

/// Files by their names.
pub struct EmbeddedFiles(BTreeMap<&'static str, EmbeddedFile>);

/// A file in the forms that the program has of it.
#[derive(Default)]
pub struct EmbeddedFile {
    content_type: &'static str,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    /// Unpacked for the first client that accepts no compressed form.
    plain: OnceLock<Bytes>,
    /// Changes with the content. It is the same in all servers of one build, and is computed for the first request.
    tag: OnceLock<u64>,
}

impl EmbeddedFiles {
    pub fn new(listed: &[Listed]) -> Self {
        let mut files = BTreeMap::<_, EmbeddedFile>::new();
        for (form, bytes) in listed {
            let (brotli, gzip) = (form.strip_suffix(".br"), form.strip_suffix(".gz"));
            let name = brotli.or(gzip).unwrap_or(form);
            let file = files.entry(name).or_default();
            file.content_type = content_type(name).unwrap_or("application/octet-stream");
            let bytes = Bytes::from_static(bytes);
            match (brotli, gzip) {
                (Some(_), _) => file.brotli = Some(bytes),
                (_, Some(_)) => file.gzip = Some(bytes),
                _ => file.plain = bytes.into(),
            }
        }
        Self(files)
    }

    pub fn get(&self, name: &str) -> Option<&EmbeddedFile> {
        self.0.get(name)
    }
}

impl EmbeddedFile {
    /// The file in the form that the client prefers, or 304 if the client has that already.
    pub fn respond(&self, request: &HttpRequest, cache: &'static str) -> HttpResponse {
        let (encoding, bytes) = self.choose(request);
        // Each form has a tag of its own.
        let tag = EntityTag::new_strong(format!("{:016x}-{}", self.tag(), encoding.as_str()));
        let is_known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&tag)),
            Err(_invalid) => false,
        };
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((header::CACHE_CONTROL, cache))
            .insert_header((header::VARY, header::ACCEPT_ENCODING.as_str()))
            .insert_header(ETag(tag));
        if is_known {
            return response.finish();
        }
        if encoding != ContentEncoding::Identity {
            response.insert_header(encoding);
        }
        response.content_type(self.content_type).body(bytes)
    }

    fn choose(&self, request: &HttpRequest) -> (ContentEncoding, Bytes) {
        let packed = [(Encoding::brotli(), &self.brotli), (Encoding::gzip(), &self.gzip)];
        let packed = packed.iter().filter(|(_, bytes)| bytes.is_some()).map(|(encoding, _)| encoding);
        let plain = Encoding::identity();
        let accepted = AcceptEncoding::parse(request).ok();
        let chosen = accepted.and_then(|accepted| accepted.negotiate(packed.chain([&plain])));
        match (chosen, &self.brotli, &self.gzip) {
            (Some(Encoding::Known(encoding @ ContentEncoding::Brotli)), Some(bytes), _)
            | (Some(Encoding::Known(encoding @ ContentEncoding::Gzip)), _, Some(bytes)) => (encoding, bytes.clone()),
            _ => (ContentEncoding::Identity, self.plain().clone()),
        }
    }

    fn plain(&self) -> &Bytes {
        self.plain.get_or_init(|| self.gzip.as_deref().map(unpack).unwrap_or_default())
    }

    fn tag(&self) -> u64 {
        *self.tag.get_or_init(|| {
            let mut hasher = DefaultHasher::new();
            hasher.write(self.gzip.as_ref().unwrap_or_else(|| self.plain()));
            hasher.finish()
        })
    }
}

/// The file of a gzip file with a header of 10 bytes and a trailer of 8 bytes, as `build.rs` and zlib write them.
fn unpack(packed: &[u8]) -> Bytes {
    let deflated = packed.get(10..packed.len().saturating_sub(8)).unwrap_or_default();
    miniz_oxide::inflate::decompress_to_vec(deflated).unwrap_or_default().into()
}

/// The content type of a file of a web page, by the ending of its name.
pub fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => return None,
    })
}
