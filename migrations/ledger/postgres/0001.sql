-- Nothing is ever deleted but tokens: every number below counts from 1 without a gap, so that any page of a list is found
-- by arithmetic. Times are microseconds since 1970.

-- The one row that every writer reads first and writes last.
CREATE TABLE ledger (
    id           BIGINT PRIMARY KEY CHECK (id = 1),
    environments BIGINT NOT NULL,
    artifacts    BIGINT NOT NULL,
    slots        BIGINT NOT NULL,
    records      BIGINT NOT NULL,
    -- Never goes back, whatever the clock does.
    changed_at   BIGINT NOT NULL
);

INSERT INTO ledger VALUES (1, 0, 0, 0, 0, 0);

CREATE TABLE ledger_environment (
    id         BIGINT PRIMARY KEY,
    uuid       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    slots      BIGINT NOT NULL,
    records    BIGINT NOT NULL
);

CREATE TABLE ledger_artifact (
    id      BIGINT PRIMARY KEY,
    uuid    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    digest  TEXT NOT NULL,
    name    TEXT NOT NULL,
    version TEXT NOT NULL,
    UNIQUE (digest, kind, name, version)
);

CREATE TABLE ledger_slot (
    id          BIGINT PRIMARY KEY,
    environment BIGINT NOT NULL REFERENCES ledger_environment (id),
    number      BIGINT NOT NULL,
    name        TEXT NOT NULL,
    records     BIGINT NOT NULL,
    latest      BIGINT NOT NULL,
    UNIQUE (environment, name),
    UNIQUE (environment, number)
);

CREATE TABLE ledger_record (
    sequence        BIGINT PRIMARY KEY,
    uuid            TEXT NOT NULL,
    environment     BIGINT NOT NULL REFERENCES ledger_environment (id),
    number          BIGINT NOT NULL,
    slot            BIGINT NOT NULL REFERENCES ledger_slot (id),
    place           BIGINT NOT NULL,
    artifact        BIGINT NOT NULL REFERENCES ledger_artifact (id),
    project         TEXT,
    project_version TEXT,
    status          TEXT NOT NULL CHECK (status IN ('DEPLOYED', 'SUPERSEDED', 'DECOMMISSIONED')),
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    last_seen_at    BIGINT NOT NULL,
    -- A check sum of the record and of all that it refers to.
    seal            BIGINT NOT NULL,
    UNIQUE (environment, number),
    UNIQUE (slot, place)
);

CREATE UNIQUE INDEX ledger_record_deployed ON ledger_record (slot) WHERE status = 'DEPLOYED';
CREATE INDEX ledger_record_artifact ON ledger_record (artifact);
CREATE INDEX ledger_record_updated ON ledger_record (updated_at);
CREATE INDEX ledger_record_project ON ledger_record (project, project_version) WHERE project IS NOT NULL;

CREATE TABLE ledger_token (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    -- SHA-256 in hexadecimal digits: the token itself is nowhere.
    hash       TEXT NOT NULL UNIQUE,
    scope      TEXT NOT NULL CHECK (scope IN ('read', 'write')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
