#!/bin/sh
# Runs once, when the database cluster is new: the application's role owns its database and is no superuser.
set -eu
psql -v ON_ERROR_STOP=1 --username postgres --dbname postgres --set password="$DATABASE_PASSWORD" <<'SQL'
CREATE ROLE muster LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE muster OWNER muster;
REVOKE ALL ON DATABASE muster FROM PUBLIC;
SQL
