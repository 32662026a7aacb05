-- A ledger of the first schema, as `sqlite3 ledger.db .dump` wrote it, with its marks.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE ledger (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    environments INTEGER NOT NULL,
    artifacts    INTEGER NOT NULL,
    slots        INTEGER NOT NULL,
    records      INTEGER NOT NULL,
    -- Never goes back, whatever the clock does.
    changed_at   INTEGER NOT NULL
) STRICT;
INSERT INTO ledger VALUES(1,2,4,4,6,1795445695892066);
CREATE TABLE ledger_environment (
    id         INTEGER PRIMARY KEY,
    uuid       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    slots      INTEGER NOT NULL,
    records    INTEGER NOT NULL
) STRICT;
INSERT INTO ledger_environment VALUES(1,'c84df47f-89af-49c8-825a-021b78c80b52','staging',1795445695202752,1795445695823657,2,4);
INSERT INTO ledger_environment VALUES(2,'23401a7b-cc2d-4f2d-92fb-f6b02ea706b9','production',1795445695544265,1795445695892066,2,2);
CREATE TABLE ledger_artifact (
    id      INTEGER PRIMARY KEY,
    uuid    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    digest  TEXT NOT NULL,
    name    TEXT NOT NULL,
    version TEXT NOT NULL,
    UNIQUE (digest, kind, name, version)
) STRICT;
INSERT INTO ledger_artifact VALUES(1,'4882ef94-5fae-484f-b5ca-467ef56e365a','CONTAINER_IMAGE','sha256:0000000000000000000000000000000000000000000000000000000000000001','ghcr.io/acme/storefront','1.4.1');
INSERT INTO ledger_artifact VALUES(2,'79741336-22b3-4725-b483-b3f9141e7e1f','CONTAINER_IMAGE','sha256:0000000000000000000000000000000000000000000000000000000000000002','ghcr.io/acme/storefront','1.4.2');
INSERT INTO ledger_artifact VALUES(3,'d3c87a0e-a7d4-42a7-8b23-67829f128647','CONTAINER_IMAGE','sha256:0000000000000000000000000000000000000000000000000000000000000003','ghcr.io/acme/checkout','2.0.0');
INSERT INTO ledger_artifact VALUES(4,'2779f5ab-1548-4462-bf0a-ac98c483703f','CONTAINER_IMAGE','sha256:0000000000000000000000000000000000000000000000000000000000000004','ghcr.io/acme/checkout','2.0.1');
CREATE TABLE ledger_slot (
    id          INTEGER PRIMARY KEY,
    environment INTEGER NOT NULL REFERENCES ledger_environment (id),
    number      INTEGER NOT NULL,
    name        TEXT NOT NULL,
    records     INTEGER NOT NULL,
    latest      INTEGER NOT NULL,
    UNIQUE (environment, name),
    UNIQUE (environment, number)
) STRICT;
INSERT INTO ledger_slot VALUES(1,1,1,'storefront',2,2);
INSERT INTO ledger_slot VALUES(2,2,1,'storefront',1,3);
INSERT INTO ledger_slot VALUES(3,1,2,'checkout',2,5);
INSERT INTO ledger_slot VALUES(4,2,2,'checkout',1,6);
CREATE TABLE ledger_record (
    sequence        INTEGER PRIMARY KEY,
    uuid            TEXT NOT NULL,
    environment     INTEGER NOT NULL REFERENCES ledger_environment (id),
    number          INTEGER NOT NULL,
    slot            INTEGER NOT NULL REFERENCES ledger_slot (id),
    place           INTEGER NOT NULL,
    artifact        INTEGER NOT NULL REFERENCES ledger_artifact (id),
    project         TEXT,
    project_version TEXT,
    status          TEXT NOT NULL CHECK (status IN ('DEPLOYED', 'SUPERSEDED', 'DECOMMISSIONED')),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    -- A check sum of the record and of all that it refers to.
    seal            INTEGER NOT NULL,
    UNIQUE (environment, number),
    UNIQUE (slot, place)
) STRICT;
INSERT INTO ledger_record VALUES(1,'f58932c8-1de3-4b3b-9486-3bb73cc9cee4',1,1,1,1,1,NULL,NULL,'SUPERSEDED',1795445695202752,1795445695343547,1795445695202752,7880798498180539231);
INSERT INTO ledger_record VALUES(2,'755cfaca-ed67-4911-841b-8aa3d684a306',1,2,1,2,2,'shop','7','DEPLOYED',1795445695343547,1795445695493980,1795445695493980,-2003318102909698695);
INSERT INTO ledger_record VALUES(3,'5ead2564-b83c-41c4-8b3d-08c94d829145',2,1,2,1,1,NULL,NULL,'DEPLOYED',1795445695544265,1795445695544265,1795445695544265,-4999871461186318434);
INSERT INTO ledger_record VALUES(4,'7a77dcae-09f5-4195-8af7-4ece9ec46153',1,3,3,1,3,NULL,NULL,'DECOMMISSIONED',1795445695652902,1795445695725031,1795445695652902,3352210586527476024);
INSERT INTO ledger_record VALUES(5,'641c6ff5-d3d9-4658-a7a0-3d1b02c55b0c',1,4,3,2,4,NULL,NULL,'DEPLOYED',1795445695823657,1795445695823657,1795445695823657,2527901966179617008);
INSERT INTO ledger_record VALUES(6,'af487092-5298-4169-90b7-fa05d1fb17aa',2,2,4,1,3,NULL,NULL,'DEPLOYED',1795445695892066,1795445695892066,1795445695892066,-7335374060585136024);
CREATE TABLE ledger_token (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    -- SHA-256 in hexadecimal digits: the token itself is nowhere.
    hash       TEXT NOT NULL UNIQUE,
    scope      TEXT NOT NULL CHECK (scope IN ('read', 'write')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_token VALUES('5f08b139-6d63-4e79-8ef5-99adae18d40e','ci','sha256:88d63d073f3752c904a5fe59aca50818fa4b1803f6c2603e89c4958dfedc89d5','read',1795445696025181,1803221696025173);
CREATE UNIQUE INDEX ledger_record_deployed ON ledger_record (slot) WHERE status = 'DEPLOYED';
CREATE INDEX ledger_record_artifact ON ledger_record (artifact);
CREATE INDEX ledger_record_updated ON ledger_record (updated_at);
CREATE INDEX ledger_record_project ON ledger_record (project, project_version) WHERE project IS NOT NULL;
PRAGMA application_id = 1750092903;
PRAGMA user_version = 1;
COMMIT;
