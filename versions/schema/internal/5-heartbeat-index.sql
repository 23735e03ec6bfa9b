-- Finding members that have been silent for long must not read the whole table.
CREATE INDEX internal_cluster_members_heartbeat ON internal_cluster_members (heartbeat);
