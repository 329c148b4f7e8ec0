-- 10,000 organizations, 500 actions, 200,000 ledger rows: by SQL, since the ORM takes minutes.
-- Figures come from a hash, so they are the same every time.
SET statement_timeout = 0;
INSERT INTO coalitions_organization (public_id, coalition_id, name, kind, community, place, partner_since,
    bond_agreement, bond_decision_rule, version)
SELECT gen_random_uuid(), :coalition, 'Organization ' || n, 'other', 'community ' || n % 60, '', now()::date - 500,
    n % 3 > 0, n % 2 > 0, 1 FROM generate_series(1, 10000) n;
INSERT INTO coalitions_action (public_id, coalition_id, title, kind, place, day, status, is_big, version)
SELECT gen_random_uuid(), :coalition, 'Action ' || n, 'march', '', now()::date + CASE WHEN n <= 10 THEN 7 + n ELSE -n END,
    CASE WHEN n <= 10 THEN 'planned' ELSE 'held' END, n <= 10, 1 FROM generate_series(1, 500) n;
CREATE TEMP TABLE pair AS
SELECT a.id AS action_id, o.id AS organization_id, a.status, 5 + abs(hashint8(a.id * 100003 + o.id)) % 196 AS likely
FROM (SELECT *, row_number() OVER (ORDER BY id) AS nth FROM coalitions_action WHERE coalition_id = :coalition) a
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS nth FROM coalitions_organization WHERE coalition_id = :coalition) o
ON CASE WHEN a.status = 'planned' THEN o.nth % 5 = a.nth % 5 ELSE (o.nth + a.nth * 7) % 27 = 0 END
LIMIT 200000;
INSERT INTO coalitions_pledge (public_id, coalition_id, action_id, organization_id, low, likely, high, note,
    is_held_back, idempotency_key)
SELECT gen_random_uuid(), :coalition, action_id, organization_id, likely * 8 / 10, likely, likely * 12 / 10, '', false,
    action_id || '-' || organization_id FROM pair;
INSERT INTO coalitions_currentpledge (coalition_id, action_id, organization_id, low, likely, high, latest_id,
    counted_id, version)
SELECT coalition_id, action_id, organization_id, low, likely, high, id, id, 1 FROM coalitions_pledge
WHERE coalition_id = :coalition;
INSERT INTO coalitions_count (public_id, coalition_id, action_id, organization_id, of, low, best, high, method,
    counted_by, is_independent, is_withdrawn, source, idempotency_key)
SELECT gen_random_uuid(), :coalition, action_id, organization_id, 'pledged', came, came, came, 'sign_in', 'Stewards',
    false, false, '', 'came-' || action_id || '-' || organization_id
FROM (SELECT *, abs(hashint8(action_id * 7 + organization_id)) % (likely + 1) AS came FROM pair
      WHERE status = 'held' AND organization_id % 3 = 0) counted;
INSERT INTO coalitions_overlap (public_id, coalition_id, first_id, second_id, share, version)
SELECT gen_random_uuid(), :coalition, id, id + 1, (id % 25) / 100.0, 1 FROM coalitions_organization
WHERE coalition_id = :coalition AND id % 2 = 1 AND id < (SELECT min(id) FROM coalitions_organization
    WHERE coalition_id = :coalition) + 2000;
UPDATE coalitions_coalition SET revision = 1 WHERE id = :coalition;
