//! Checks a body before it is deserialized: its nesting, the lengths of its lists, and control characters.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::error::FieldErrors;
use crate::kernel::text;

/// The maximal nesting of objects and lists.
const MAX_DEPTH: usize = 32;

/// The maximal number of entries of a list. No operation accepts more.
const MAX_ENTRIES: usize = 500;

/// Checks the whole text. Returns an error if it is not JSON or is nested too deeply.
pub fn check(bytes: &[u8]) -> serde_json::Result<FieldErrors> {
    let mut walk = Walk { path: String::new(), depth: 0, found: FieldErrors::default() };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Step { walk: &mut walk, place: Place::Body }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(walk.found)
}

struct Walk {
    path: String,
    depth: usize,
    found: FieldErrors,
}

/// The position of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Body,
    Field,
    Entry,
}

/// Visits a value without storing it. So the check needs no memory beyond the bytes of the body.
struct Step<'a> {
    walk: &'a mut Walk,
    place: Place,
}

impl Step<'_> {
    fn refuse(&mut self, message: &str) {
        self.walk.found.push(&self.walk.path, message);
    }

    fn refuse_unless_object(&mut self) {
        if self.place == Place::Body {
            self.refuse("the body must be an object");
        }
    }

    /// Does the work one level deeper, then restores the path and the depth.
    fn descend<E: Error>(&mut self, work: impl FnOnce(&mut Walk) -> Result<(), E>) -> Result<(), E> {
        if self.walk.depth >= MAX_DEPTH {
            return Err(E::custom(format_args!("it is nested deeper than {MAX_DEPTH} levels")));
        }
        self.walk.depth = self.walk.depth.saturating_add(1);
        let length = self.walk.path.len();
        work(self.walk)?;
        self.walk.path.truncate(length);
        self.walk.depth = self.walk.depth.saturating_sub(1);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        self.refuse_unless_object();
        Ok(())
    }

    fn visit_i64<E>(mut self, _: i64) -> Result<(), E> {
        self.refuse_unless_object();
        Ok(())
    }

    fn visit_u64<E>(mut self, _: u64) -> Result<(), E> {
        self.refuse_unless_object();
        Ok(())
    }

    fn visit_f64<E>(mut self, _: f64) -> Result<(), E> {
        self.refuse_unless_object();
        Ok(())
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        self.refuse_unless_object();
        Ok(())
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        self.refuse_unless_object();
        if text::has_control(value) {
            self.refuse("must not contain control characters");
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        self.refuse_unless_object();
        // No list contains lists. serde would read an inner list as the fields of an object in their order.
        if self.place == Place::Entry {
            self.refuse("must be an object");
        }
        let mut count = 0_usize;
        self.descend(|walk| {
            let length = walk.path.len();
            loop {
                walk.path.push_str(&format!("[{count}]"));
                let next = entries.next_element_seed(Step { walk: &mut *walk, place: Place::Entry })?;
                walk.path.truncate(length);
                if next.is_none() {
                    return Ok(());
                }
                count = count.saturating_add(1);
            }
        })?;
        if count > MAX_ENTRIES {
            self.refuse(&format!("must have at most {MAX_ENTRIES} entries"));
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        self.descend(|walk| {
            let length = walk.path.len();
            while let Some(name) = fields.next_key::<std::borrow::Cow<'_, str>>()? {
                if length > 0 {
                    walk.path.push('.');
                }
                walk.path.push_str(&name);
                fields.next_value_seed(Step { walk: &mut *walk, place: Place::Field })?;
                walk.path.truncate(length);
            }
            Ok(())
        })
    }
}
