//! Checks a body before its fields are read: that it is JSON, how deeply it is nested, and what no field may contain.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::FieldErrors;
use crate::kernel::text;

/// The maximal nesting of objects and lists.
const MAX_DEPTH: usize = 32;

/// The maximal number of entries of a list. No operation accepts more.
const MAX_ENTRIES: usize = 500;

/// The maximal number of values of a body: 500 lines with their fields have fewer. So the memory of a body is limited,
/// of which small objects take a hundred times their text.
const MAX_VALUES: usize = 5_000;

/// Reads the whole text and returns it as a JSON value, with the fields to refuse. Fails if the text is not JSON, or is
/// nested too deeply.
pub fn check(bytes: &[u8]) -> serde_json::Result<(Value, FieldErrors)> {
    let mut walk = Walk { path: String::new(), depth: 0, values: 0, found: FieldErrors::default() };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let document = NextValue { walk: &mut walk, position: Position::Body }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((document, walk.found))
}

struct Walk {
    path: String,
    depth: usize,
    /// The values that take memory.
    values: usize,
    found: FieldErrors,
}

/// The position of a value in the document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Body,
    Field,
    Entry,
}

/// Reads one value, with the values inside it.
struct NextValue<'a> {
    walk: &'a mut Walk,
    position: Position,
}

impl NextValue<'_> {
    fn refuse(&mut self, message: &str) {
        self.walk.found.push(&self.walk.path, message);
    }

    fn refuse_unless_object(&mut self) {
        if self.position == Position::Body {
            self.refuse("the body must be an object");
        }
    }

    fn scalar<E>(mut self, value: impl Into<Value>) -> Result<Value, E> {
        self.refuse_unless_object();
        Ok(value.into())
    }

    /// Reads the values one level below, and returns to the path and depth of this one.
    fn descend<R, E: Error>(&mut self, work: impl FnOnce(&mut Walk) -> Result<R, E>) -> Result<R, E> {
        if self.walk.depth >= MAX_DEPTH {
            return Err(E::custom(format_args!("it is nested deeper than {MAX_DEPTH} levels")));
        }
        self.walk.depth = self.walk.depth.saturating_add(1);
        let length = self.walk.path.len();
        let read = work(self.walk)?;
        self.walk.path.truncate(length);
        self.walk.depth = self.walk.depth.saturating_sub(1);
        Ok(read)
    }
}

impl<'de> DeserializeSeed<'de> for NextValue<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.walk.values >= MAX_VALUES {
            return Err(D::Error::custom(format_args!("it has more than {MAX_VALUES} values")));
        }
        self.walk.values = self.walk.values.saturating_add(1);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NextValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        self.scalar(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        self.scalar(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        self.scalar(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        self.scalar(value)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        self.scalar(Value::Null)
    }

    fn visit_str<E>(mut self, value: &str) -> Result<Value, E> {
        self.refuse_unless_object();
        if text::has_control(value) {
            self.refuse("must not contain control characters");
        }
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        self.refuse_unless_object();
        // No operation accepts lists inside lists, and serde would read one as the fields of an object in their order.
        if self.position == Position::Entry {
            self.refuse("must be an object");
        }
        let (list, count) = self.descend(|walk| {
            let length = walk.path.len();
            let mut list = Vec::new();
            let mut count = 0_usize;
            loop {
                let values = walk.values;
                walk.path.push_str(&format!("[{count}]"));
                let next = entries.next_element_seed(NextValue { walk: &mut *walk, position: Position::Entry })?;
                walk.path.truncate(length);
                let Some(entry) = next else { return Ok((list, count)) };
                count = count.saturating_add(1);
                // A longer list is refused, so its rest takes no memory.
                if count <= MAX_ENTRIES {
                    list.push(entry);
                } else {
                    walk.values = values;
                }
            }
        })?;
        if count > MAX_ENTRIES {
            self.refuse(&format!("must have at most {MAX_ENTRIES} entries"));
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Value, A::Error> {
        self.descend(|walk| {
            let length = walk.path.len();
            let mut object = Map::new();
            while let Some(name) = fields.next_key::<String>()? {
                if length > 0 {
                    walk.path.push('.');
                }
                walk.path.push_str(&name);
                // JSON libraries differ in which of two values they take.
                if object.contains_key(&name) {
                    walk.found.push(&walk.path, &format!("duplicate field `{name}`"));
                }
                let value = fields.next_value_seed(NextValue { walk: &mut *walk, position: Position::Field })?;
                walk.path.truncate(length);
                object.insert(name, value);
            }
            Ok(Value::Object(object))
        })
    }
}
