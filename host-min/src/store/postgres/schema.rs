//! The table and its functions: how they are made, and what is refused.
//!
//! The functions' names end with their version, so that hosts of two releases can use one table
//! during an upgrade.

use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use super::options::{Options, words};

/// The comment of the table, without the format's number.
const MARK: &str = "annals slots ";
/// The format that this release reads and writes.
const FORMAT: u32 = 1;
const COLUMNS: &str = "bucket text C, key text C, value bytea";
const PRIMARY_KEY: &str = "PRIMARY KEY (bucket, key)";
const FUNCTIONS: [&str; 3] = ["create_1", "draw_1", "add_1"];

/// SQLSTATE of an addition whose sum is outside of the counter's range.
pub const OVERFLOW: &str = "AN001";
/// SQLSTATE of an addition to a number that is no integer.
pub const NOT_A_COUNTER: &str = "AN002";

/// Why the table cannot be used.
#[derive(Debug)]
pub enum SchemaError {
    /// There is no table, and none may be made.
    Absent,
    /// There is something else, or something that may not be used.
    Refused(String),
    /// A statement failed.
    Failed(Error),
}

impl From<Error> for SchemaError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What has the table's name.
struct Found {
    /// The kind of relation, `r` for a table.
    kind: String,
    /// `p` if its content survives a crash.
    persistence: String,
    comment: Option<String>,
    columns: String,
    primary_key: Option<String>,
}

/// Checks the table, and makes what is missing if `make` is set.
///
/// # Errors
/// See [`SchemaError`].
pub async fn prepare(client: &Client, options: &Options, make: bool) -> Result<(), SchemaError> {
    let found = table(client, options).await?;
    if let Some(found) = &found {
        check(found, options)?;
    }
    if found.is_some() && has_functions(client, options).await? {
        return Ok(());
    }
    if !make {
        return Err(SchemaError::Absent);
    }
    create(client, options).await?;
    // Another host may have made the table meanwhile.
    match table(client, options).await? {
        Some(found) => check(&found, options),
        None => Err(SchemaError::Absent),
    }
}

async fn table(client: &Client, options: &Options) -> Result<Option<Found>, Error> {
    let sql = "SELECT c.relkind::text, c.relpersistence::text, obj_description(c.oid, 'pg_class'), \
               (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) \
                 || coalesce(' ' || (SELECT l.collname FROM pg_collation l WHERE l.oid = a.attcollation), ''), \
                 ', ' ORDER BY a.attnum) \
                FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), \
               (SELECT pg_get_constraintdef(p.oid) FROM pg_constraint p \
                WHERE p.conrelid = c.oid AND p.contype = 'p') \
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 AND c.relname = $2";
    let names = [
        (&options.schema as _, Type::TEXT),
        (&options.table as _, Type::TEXT),
    ];
    let Some(row) = client.query_typed_opt(sql, &names).await? else {
        return Ok(None);
    };
    Ok(Some(Found {
        kind: row.try_get(0)?,
        persistence: row.try_get(1)?,
        comment: row.try_get(2)?,
        columns: row.try_get::<_, Option<String>>(3)?.unwrap_or_default(),
        primary_key: row.try_get(4)?,
    }))
}

async fn has_functions(client: &Client, options: &Options) -> Result<bool, Error> {
    let sql = "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
               WHERE n.nspname = $1 AND p.proname = ANY ($2)";
    let names = FUNCTIONS.map(|name| format!("{}_{name}", options.table));
    let names = names.as_slice();
    let parameters = [
        (&options.schema as _, Type::TEXT),
        (&names as _, Type::TEXT_ARRAY),
    ];
    let row = client.query_typed_one(sql, &parameters).await?;
    let count: i64 = row.try_get(0)?;
    Ok(usize::try_from(count).is_ok_and(|count| count == FUNCTIONS.len()))
}

fn check(found: &Found, options: &Options) -> Result<(), SchemaError> {
    let refused = |what: String| {
        let name = format!("{}.{}", options.schema, options.table);
        Err(SchemaError::Refused(format!(
            "{name} {what}; give another name with `schema=` or `table=` in the URL"
        )))
    };
    let format = found
        .comment
        .as_deref()
        .and_then(|comment| comment.strip_prefix(MARK));
    match format.map(str::parse::<u32>) {
        Some(Ok(FORMAT)) => {}
        Some(Ok(newer)) if newer > FORMAT => {
            return Err(SchemaError::Refused(format!(
                "the store has format {newer}, which a newer release wrote; this release reads format {FORMAT}"
            )));
        }
        _ => {
            let comment = found.comment.as_deref().unwrap_or_default();
            return refused(format!(
                "is not a table of this host: its comment is \"{comment}\" instead of \"{MARK}{FORMAT}\", and its \
                 columns are ({})",
                found.columns
            ));
        }
    }
    if found.kind != "r" || found.persistence != "p" {
        return refused("is not an ordinary table, whose content survives a crash".into());
    }
    if found.columns != COLUMNS {
        return refused(format!(
            "has the columns ({}) instead of ({COLUMNS})",
            found.columns
        ));
    }
    if found.primary_key.as_deref() != Some(PRIMARY_KEY) {
        let key = found.primary_key.as_deref().unwrap_or("no primary key");
        return refused(format!("has {key} instead of {PRIMARY_KEY}"));
    }
    Ok(())
}

async fn create(client: &Client, options: &Options) -> Result<(), SchemaError> {
    match client.batch_execute(&definition(options)).await {
        Ok(()) => Ok(()),
        Err(error) => {
            // End the transaction: the connection may be one of a pool.
            let _ = client.batch_execute("ROLLBACK").await;
            match error.code() {
                Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                    Err(SchemaError::Refused(format!(
                        "the store's table or functions are missing, and this role may not make them ({}); run the SQL \
                         of docs/postgresql.md as their owner",
                        words(&error)
                    )))
                }
                _ => Err(error.into()),
            }
        }
    }
}

/// The SQL that makes everything that is missing.
///
/// The collation "C" orders keys by their bytes. It also keeps the index valid when the system's
/// collations change with an upgrade.
///
/// The functions allow no sequential scan: a function keeps the plan that was best when the table
/// was small.
pub fn definition(options: &Options) -> String {
    let Options { schema, table, .. } = options;
    format!(
        r#"BEGIN;
SELECT pg_advisory_xact_lock(hashtext('annals {schema}.{table}'));
DO $do$ BEGIN
  IF to_regnamespace('{schema}') IS NULL THEN
    CREATE SCHEMA {schema};
  END IF;
  IF to_regclass('{schema}.{table}') IS NULL THEN
    CREATE TABLE {schema}.{table} (
      bucket text COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      value bytea NOT NULL,
      PRIMARY KEY (bucket, key)
    );
    COMMENT ON TABLE {schema}.{table} IS '{MARK}{FORMAT}';
  END IF;
END $do$;

-- Creates groups of keys, each group completely or not at all. Returns for each group that was not created the position
-- of the first key that exists.
--
-- All groups are inserted at once. Only if a key exists, the groups that have lost are looked up and left out, and the
-- others are inserted again. Every insertion begins without locks and locks keys in ascending order, so two calls never
-- wait for each other.
CREATE OR REPLACE FUNCTION {schema}.{table}_create_1(in_bucket text, in_keys text[], in_values bytea[], in_groups int4[])
RETURNS int4[] LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
DECLARE
  lost int4[] := '{{}}';
  existing int4[] := '{{}}';
BEGIN
  LOOP
    BEGIN
      INSERT INTO {schema}.{table} (bucket, key, value)
      SELECT in_bucket, e.k, e.v FROM unnest(in_keys, in_values, in_groups) AS e(k, v, g)
      WHERE e.g <> ALL (lost) ORDER BY e.k COLLATE "C";
      RETURN existing;
    EXCEPTION WHEN unique_violation THEN
      NULL;
    END;
    SELECT lost || array_agg(x.g), existing || array_agg(x.n) INTO lost, existing
    FROM (
      SELECT e.g, min(e.n)::int4 AS n
      FROM unnest(in_keys, in_groups) WITH ORDINALITY AS e(k, g, n)
      JOIN {schema}.{table} AS t ON t.bucket = in_bucket AND t.key = e.k COLLATE "C"
      WHERE e.g <> ALL (lost) GROUP BY e.g
    ) AS x;
  END LOOP;
END $body$;

-- Draws in_count numbers above in_above and above all numbers drawn before. Returns the last of them.
--
-- The transaction commits without waiting for the disk: a counter is one row, and its lock must not be held during a
-- flush. A crash may therefore lose a number. It never loses a number that was used: whoever uses a number writes with
-- synchronous_commit on, and that flush includes all earlier commits.
CREATE OR REPLACE FUNCTION {schema}.{table}_draw_1(in_bucket text, in_key text, in_above text, in_count int4)
RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off
AS $body$
DECLARE
  drawn text;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  LOOP
    UPDATE {schema}.{table} AS t
    SET value = convert_to(
      (greatest(convert_from(t.value, 'UTF8')::numeric, in_above::numeric) + in_count)::text, 'UTF8')
    WHERE t.bucket = in_bucket AND t.key = in_key
    RETURNING convert_from(t.value, 'UTF8') INTO drawn;
    IF NOT FOUND THEN
      INSERT INTO {schema}.{table} AS t (bucket, key, value)
      VALUES (in_bucket, in_key, convert_to((in_above::numeric + in_count)::text, 'UTF8'))
      ON CONFLICT DO NOTHING
      RETURNING convert_from(t.value, 'UTF8') INTO drawn;
    END IF;
    EXIT WHEN drawn IS NOT NULL;
  END LOOP;
  IF drawn !~ '^[0-9]+$' THEN
    RAISE 'the value is not a counter' USING ERRCODE = '{NOT_A_COUNTER}';
  END IF;
  IF drawn::numeric > 18446744073709551615 THEN
    RAISE 'the counter would overflow' USING ERRCODE = '{OVERFLOW}';
  END IF;
  RETURN drawn;
END $body$;

-- Adds to a counter and returns the sum, which must be in a range.
CREATE OR REPLACE FUNCTION {schema}.{table}_add_1(in_bucket text, in_key text, in_delta text, in_min text, in_max text)
RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off
AS $body$
DECLARE
  total text;
BEGIN
  LOOP
    UPDATE {schema}.{table} AS t
    SET value = convert_to((convert_from(t.value, 'UTF8')::numeric + in_delta::numeric)::text, 'UTF8')
    WHERE t.bucket = in_bucket AND t.key = in_key
    RETURNING convert_from(t.value, 'UTF8') INTO total;
    IF NOT FOUND THEN
      INSERT INTO {schema}.{table} AS t (bucket, key, value)
      VALUES (in_bucket, in_key, convert_to(in_delta, 'UTF8'))
      ON CONFLICT DO NOTHING
      RETURNING convert_from(t.value, 'UTF8') INTO total;
    END IF;
    EXIT WHEN total IS NOT NULL;
  END LOOP;
  IF total !~ '^-?[0-9]+$' THEN
    RAISE 'the value is not a counter' USING ERRCODE = '{NOT_A_COUNTER}';
  END IF;
  IF total::numeric NOT BETWEEN in_min::numeric AND in_max::numeric THEN
    RAISE 'the counter would overflow' USING ERRCODE = '{OVERFLOW}';
  END IF;
  RETURN total;
END $body$;
COMMIT"#
    )
}
