//! Files as they are found, and what is made of them.

use std::fs;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::{Access, Database, Schema, SqliteError, SqliteErrorKind};

const FIRST: &str = "CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;";
const ONE: Schema = Schema { name: "word list", application_id: 0x686f_6c64, migrations: &[FIRST] };
const TWO: Schema =
    Schema { migrations: &[FIRST, "ALTER TABLE word ADD COLUMN size INTEGER NOT NULL DEFAULT 7;"], ..ONE };

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("words.db")
    }

    /// A word list with so many words, and no log beside it.
    async fn words(&self, count: u32) -> PathBuf {
        let database = Database::open(&self.file(), &ONE, Access::Create).await.unwrap();
        let mut connection = database.connect().await.unwrap();
        run(
            &mut connection,
            &format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             INSERT INTO word SELECT i, printf('word %080d', i) FROM n"
            ),
        )
        .await
        .unwrap();
        connection.close().await.unwrap();
        self.file()
    }
}

async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(drop)
}

async fn refusal(path: &Path, schema: &Schema, access: Access) -> SqliteError {
    Database::open(path, schema, access).await.unwrap_err()
}

fn flip(path: &Path, offset: usize, length: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset..offset + length].iter_mut().for_each(|byte| *byte ^= 0xff);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_file_is_made_for_the_user_alone_and_opened_again() {
    let folder = Folder::new();
    let path = folder.words(3).await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for access in [Access::ReadOnly, Access::ReadWrite, Access::Create] {
        let database = Database::open(&path, &ONE, access).await.unwrap();
        let mut connection = database.connect().await.unwrap();
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM word").fetch_one(&mut connection).await.unwrap();
        assert_eq!(count, 3);
        let written =
            run(&mut connection, "INSERT INTO word (text) VALUES ('more'); DELETE FROM word WHERE id = 4").await;
        assert_eq!(written.is_ok(), access != Access::ReadOnly);
        if let Err(error) = written {
            assert_eq!(database.explain(&error).kind, SqliteErrorKind::ReadOnly);
        }
        database.check_whole().await.unwrap();
        database.check_still().unwrap();
    }
}

#[tokio::test]
async fn what_is_committed_is_on_the_disk() {
    let folder = Folder::new();
    let database = Database::open(&folder.file(), &ONE, Access::Create).await.unwrap();
    let mut connection = database.connect().await.unwrap();
    let (mode, synchronous): (String, i64) = sqlx::query_as(
        "SELECT (SELECT journal_mode FROM pragma_journal_mode), (SELECT synchronous FROM pragma_synchronous)",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!((mode.as_str(), synchronous), ("wal", 2));
}

#[tokio::test]
async fn what_is_no_word_list_is_refused_and_stays() {
    let folder = Folder::new();
    let path = folder.file();
    let missing = refusal(&path, &ONE, Access::ReadWrite).await;
    assert_eq!(missing.kind, SqliteErrorKind::Missing);
    assert_eq!(refusal(folder.0.path(), &ONE, Access::Create).await.kind, SqliteErrorKind::NotOpened);
    let nowhere = refusal(&path.join("file"), &ONE, Access::Create).await;
    assert_eq!(nowhere.kind, SqliteErrorKind::Missing);
    assert!(nowhere.to_string().contains("its folder does not exist"), "{nowhere}");
    fs::write(&path, "").unwrap();
    assert_eq!(refusal(&path, &ONE, Access::ReadOnly).await.kind, SqliteErrorKind::Missing);
    for text in ["x", "SQLite format 4\0 and more", &"text ".repeat(10_000)] {
        fs::write(&path, text).unwrap();
        for access in [Access::ReadOnly, Access::Create] {
            assert_eq!(refusal(&path, &ONE, access).await.kind, SqliteErrorKind::Damaged);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test]
async fn files_of_others_are_refused() {
    let folder = Folder::new();
    let path = folder.file();
    let mut other = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    run(&mut other, "CREATE TABLE theirs (id INTEGER)").await.unwrap();
    for access in [Access::ReadOnly, Access::ReadWrite, Access::Create] {
        let error = refusal(&path, &ONE, access).await;
        assert_eq!(error.kind, SqliteErrorKind::Foreign);
        assert!(error.to_string().contains("is no word list of holdpoint"), "{error}");
    }
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut other).await.unwrap();
    assert_eq!(mode, "delete", "it was not changed");
}

#[tokio::test]
async fn a_schema_goes_forward_only() {
    let folder = Folder::new();
    let path = folder.words(2).await;
    assert_eq!(refusal(&path, &TWO, Access::ReadOnly).await.kind, SqliteErrorKind::Older);
    let database = Database::open(&path, &TWO, Access::ReadWrite).await.unwrap();
    let mut connection = database.connect().await.unwrap();
    let sum: i64 = sqlx::query_scalar("SELECT SUM(size) FROM word").fetch_one(&mut connection).await.unwrap();
    assert_eq!(sum, 14);
    for access in [Access::ReadOnly, Access::ReadWrite] {
        let error = refusal(&path, &ONE, access).await;
        assert_eq!(error.kind, SqliteErrorKind::Newer);
        assert!(error.to_string().contains("its schema has version 2, and this program knows 1"), "{error}");
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_file_as_it_was() {
    const BROKEN: Schema = Schema { migrations: &[FIRST, "CREATE TABLE more (id INTEGER); SELECT nonsense;"], ..ONE };
    let folder = Folder::new();
    let path = folder.words(2).await;
    Database::open(&path, &BROKEN, Access::ReadWrite).await.unwrap_err();
    let database = Database::open(&path, &ONE, Access::ReadWrite).await.unwrap();
    let mut connection = database.connect().await.unwrap();
    let tables: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut connection).await.unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn damage_is_found() {
    for damage in ["truncated", "magic", "header", "page"] {
        let folder = Folder::new();
        let path = folder.words(500).await;
        match damage {
            "truncated" => fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(3 * 4096 + 17).unwrap(),
            "magic" => flip(&path, 0, 16),
            "header" => flip(&path, 16, 8),
            _ => flip(&path, 2 * 4096, 200),
        }
        let before = fs::read(&path).unwrap();
        for access in [Access::ReadOnly, Access::ReadWrite, Access::Create] {
            assert_eq!(refusal(&path, &ONE, access).await.kind, SqliteErrorKind::Damaged, "{damage}");
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{damage}");
    }
}

#[tokio::test]
async fn a_locked_and_a_full_file_say_so_and_keep_what_they_have() {
    let folder = Folder::new();
    let path = folder.words(10).await;
    let database = Database::open(&path, &ONE, Access::ReadWrite).await.unwrap();
    let (mut one, mut other) = (database.connect().await.unwrap(), database.connect().await.unwrap());
    run(&mut one, "BEGIN IMMEDIATE").await.unwrap();
    let error = run(&mut other, "BEGIN IMMEDIATE").await.unwrap_err();
    assert_eq!(database.explain(&error).kind, SqliteErrorKind::Locked);
    // Opening needs no lock, and reading goes on.
    Database::open(&path, &ONE, Access::ReadOnly).await.unwrap();
    run(&mut one, "COMMIT; PRAGMA max_page_count = 2").await.unwrap();
    let filling = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
                   INSERT INTO word (text) SELECT 'more words' FROM n";
    let error = run(&mut one, filling).await.unwrap_err();
    assert_eq!(database.explain(&error).kind, SqliteErrorKind::Full);
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM word").fetch_one(&mut other).await.unwrap();
    assert_eq!(count, 10);
    database.check_whole().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_in_a_folder_that_may_not_be_written_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let path = folder.words(4).await;
    fs::set_permissions(folder.0.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let database = Database::open(&path, &ONE, Access::ReadOnly).await.unwrap();
    assert_eq!(count(&database).await, 4);
    database.check_still().unwrap();
    fs::set_permissions(folder.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_locked_is_read_as_long_as_nobody_writes_it() {
    let folder = Folder::new();
    let path = folder.words(4).await;
    let mut database = Database::open(&path, &ONE, Access::ReadOnly).await.unwrap();
    // Reading leaves the log behind, empty.
    assert!(database.unlocked().is_none());
    let log = path.with_extension("db-wal");
    fs::remove_file(&log).unwrap();
    database = database.unlocked().unwrap();
    assert_eq!(count(&database).await, 4);
    assert!(!log.exists(), "nothing was written");
    database.check_still().unwrap();
    drop(Database::open(&path, &ONE, Access::ReadWrite).await.unwrap().connect().await.unwrap());
    fs::write(&log, "").unwrap();
    assert_eq!(database.check_still().unwrap_err().kind, SqliteErrorKind::Locked);
}

async fn count(database: &Database) -> i64 {
    let mut connection = database.connect().await.unwrap();
    sqlx::query_scalar("SELECT COUNT(*) FROM word").fetch_one(&mut connection).await.unwrap()
}
