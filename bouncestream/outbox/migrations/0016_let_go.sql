-- What a person has let go is not held by the brake again.
CREATE TABLE let_go (
    -- Events about which a person has decided: the brake holds them no more.
    outbox_id INTEGER PRIMARY KEY,
    at        TEXT NOT NULL
) STRICT;
