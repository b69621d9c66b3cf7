//! Enums that are stored as text.

use serde::Deserialize;
use serde::de::Deserializer;
use strum::VariantArray;

/// Declares an enum whose values are stored as words. `#[strum(serialize_all = …)]` decides how the words are
/// written. The words can be listed (`VARIANTS`), written (`as_str`), parsed, bound and loaded.
macro_rules! text_enum {
    ($(#[$attribute:meta])* pub enum $name:ident { $($variants:tt)+ }) => {
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[strum(const_into_str)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        $(#[$attribute])*
        pub enum $name { $($variants)+ }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                self.into_str()
            }
        }

        const _: () = {
            use diesel::deserialize::{self, FromSql};
            use diesel::pg::{Pg, PgValue};
            use diesel::serialize::{self, Output, ToSql};
            use diesel::sql_types::Text;

            impl ToSql<Text, Pg> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                    <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
                }
            }

            impl FromSql<Text, Pg> for $name {
                fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
                    let word = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
                    word.parse().map_err(|_unknown| format!("'{word}' is no word of {}", stringify!($name)).into())
                }
            }
        };
    };
}

pub(crate) use text_enum;

/// Reads a word from a query string. The refusal lists all words.
pub fn in_query<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: VariantArray + std::str::FromStr + Into<&'static str> + Copy,
{
    parse(&String::deserialize(deserializer)?).map(Some)
}

/// Reads words from a query string, with commas between them.
pub fn list_in_query<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: VariantArray + std::str::FromStr + Into<&'static str> + Copy,
{
    String::deserialize(deserializer)?.split(',').map(parse).collect()
}

fn parse<T, E>(word: &str) -> Result<T, E>
where
    T: VariantArray + std::str::FromStr + Into<&'static str> + Copy,
    E: serde::de::Error,
{
    let words = || T::VARIANTS.iter().map(|word| (*word).into()).collect::<Vec<&str>>().join(", ");
    word.parse().map_err(|_unknown| E::custom(format!("must be one of {}", words())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::Error;

    text_enum! {
        #[strum(serialize_all = "snake_case")]
        pub enum Direction {
            TransferIn,
            TransferOut,
        }
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        assert_eq!(
            Direction::VARIANTS.iter().map(|word| word.as_str()).collect::<Vec<_>>(),
            ["transfer_in", "transfer_out"]
        );
        assert_eq!("transfer_out".parse(), Ok(Direction::TransferOut));
    }

    #[test]
    fn an_unknown_word_in_a_query_is_refused_with_those_that_are_known() {
        let read = |word: &str| in_query::<_, Direction>(IntoDeserializer::<Error>::into_deserializer(word));
        assert_eq!(read("transfer_in"), Ok(Some(Direction::TransferIn)));
        assert_eq!(read("TransferIn").unwrap_err().to_string(), "must be one of transfer_in, transfer_out");
    }
}
