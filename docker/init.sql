-- Run once by the PostgreSQL image, when its volume is empty: a database for each service, an owner who makes the tables
-- (the migrate job) and a user who may only read and write rows (the service). Neither can enter the other's database.

\set ON_ERROR_STOP on
\set availability_owner_password `cat /run/secrets/availability_owner_password`
\set availability_app_password `cat /run/secrets/availability_app_password`
\set booking_owner_password `cat /run/secrets/booking_owner_password`
\set booking_app_password `cat /run/secrets/booking_app_password`

create role availability_owner login password :'availability_owner_password';
create role availability_app login password :'availability_app_password';
create role booking_owner login password :'booking_owner_password';
create role booking_app login password :'booking_app_password';

create database availability owner availability_owner;
create database booking owner booking_owner;

-- Everybody may connect to every database, and make temporary tables there, unless that is taken away: of those that the
-- server has by itself, too.
revoke all on database postgres, template1, availability, booking from public;
grant connect on database availability to availability_app;
grant connect on database booking to booking_app;

-- Default privileges hold for the tables that each later migration makes, too. From the table `migrations` the migrate job
-- takes back all but reading.
\connect availability
revoke all on schema public from public;
grant usage on schema public to availability_app;
alter default privileges for role availability_owner in schema public
  grant select, insert, update, delete on tables to availability_app;

\connect booking
revoke all on schema public from public;
grant usage on schema public to booking_app;
alter default privileges for role booking_owner in schema public
  grant select, insert, update, delete on tables to booking_app;
