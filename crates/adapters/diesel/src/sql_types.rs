//! The SQL types for UUIDs and times, which each backend stores in its own way, and their values.

use std::io::Write;

use asteroid_kernel::Timestamp;
use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, SqlType, Text};
use diesel::sqlite::{Sqlite, SqliteValue};
use uuid::Uuid;

/// The SQL type of a UUID: 16 bytes in `SQLite`, `UUID` in `PostgreSQL`.
#[derive(QueryId, SqlType)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Uid;

/// The SQL type of a time in UTC to the microsecond: a text of fixed width in `SQLite`, which sorts by time, and
/// `TIMESTAMPTZ` in `PostgreSQL`.
#[derive(QueryId, SqlType)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Text"))]
pub struct Ts;

/// A value of type [`Uid`].
#[derive(AsExpression, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, FromSqlRow)]
#[diesel(sql_type = Uid)]
pub(crate) struct Id(pub(crate) Uuid);

/// A value of type [`Ts`].
#[derive(AsExpression, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, FromSqlRow)]
#[diesel(sql_type = Ts)]
pub(crate) struct At(pub(crate) Timestamp);

impl ToSql<Uid, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<Uid, Sqlite> for Id {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

impl ToSql<Ts, Sqlite> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        let moment = DateTime::<Utc>::from(self.0);
        out.set_value(moment.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
        Ok(IsNull::No)
    }
}

impl FromSql<Ts, Sqlite> for At {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(Timestamp::parse(&text).ok_or("not an RFC 3339 time")?))
    }
}

/// The epoch of `PostgreSQL`, 2000-01-01T00:00:00Z, in microseconds since 1970.
pub(crate) const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl ToSql<Uid, Pg> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Uid, Pg> for Id {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.as_bytes())?))
    }
}

impl ToSql<Ts, Pg> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.0.as_micros().saturating_sub(POSTGRES_EPOCH).to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Ts, Pg> for At {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = i64::from_be_bytes(value.as_bytes().try_into()?);
        Ok(Self(Timestamp::from_micros(
            micros.checked_add(POSTGRES_EPOCH).ok_or("the time is out of range")?,
        )))
    }
}

#[cfg(test)]
mod tests {
    use diesel::{Connection, ExpressionMethods, IntoSql, RunQueryDsl, SqliteConnection, dsl, select};
    use proptest::prelude::*;

    use super::*;

    fn connection() -> SqliteConnection {
        SqliteConnection::establish(":memory:").expect("a database in memory")
    }

    fn time(text: &str) -> At {
        At(Timestamp::parse(text).expect("a valid time"))
    }

    #[test]
    fn a_time_is_written_at_a_fixed_width() {
        for (moment, written) in [
            ("2016-05-03T11:15:54.95Z", "2016-05-03T11:15:54.950000Z"),
            ("2016-05-03T13:15:54+02:00", "2016-05-03T11:15:54.000000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            let text = dsl::sql::<Text>("SELECT ").bind::<Ts, _>(time(moment));
            assert_eq!(text.get_result::<String>(&mut connection()), Ok(written.to_owned()));
        }
    }

    #[test]
    fn an_invalid_time_or_uuid_is_rejected() {
        let mut connection = connection();
        assert!(dsl::sql::<Ts>("SELECT 'yesterday'").get_result::<At>(&mut connection).is_err());
        assert!(dsl::sql::<Uid>("SELECT x'00ff'").get_result::<Id>(&mut connection).is_err());
    }

    proptest! {
        #[test]
        fn a_time_round_trips_and_sorts_by_time(
            a in -62_135_596_800_000_000i64..253_402_300_799_999_999,
            b in -62_135_596_800_000_000i64..253_402_300_799_999_999,
        ) {
            let (a, b) = (At(Timestamp::from_micros(a)), At(Timestamp::from_micros(b)));
            let mut connection = connection();
            let read: At = select(a.into_sql::<Ts>()).get_result(&mut connection).expect("a time");
            prop_assert_eq!(read, a);
            let earlier: bool = select(a.into_sql::<Ts>().lt(b)).get_result(&mut connection).expect("a boolean");
            prop_assert_eq!(earlier, a < b);
        }

        #[test]
        fn a_uuid_round_trips_and_sorts_by_bytes(a in any::<u128>(), b in any::<u128>()) {
            let (a, b) = (Id(Uuid::from_u128(a)), Id(Uuid::from_u128(b)));
            let mut connection = connection();
            let read: Id = select(a.into_sql::<Uid>()).get_result(&mut connection).expect("a UUID");
            prop_assert_eq!(read, a);
            let less: bool = select(a.into_sql::<Uid>().lt(b)).get_result(&mut connection).expect("a boolean");
            prop_assert_eq!(less, a < b);
        }
    }
}
