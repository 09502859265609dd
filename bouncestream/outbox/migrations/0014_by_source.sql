-- What each source brought.
CREATE VIEW by_source AS
    SELECT source, provider,
           sum(kind = 'hard') AS hard, sum(kind = 'soft') AS soft, sum(kind = 'complaint') AS complaints,
           sum(kind = 'unsubscribe') AS unsubscribes, count(*) AS events,
           replace(substr(max(received_at), 1, 16), 'T', ' ') AS newest
    FROM outbox GROUP BY source, provider ORDER BY events DESC;
