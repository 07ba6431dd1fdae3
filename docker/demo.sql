-- Run once by the PostgreSQL image of the demo. Both databases belong to its superuser: there is nothing to protect.
create database availability;
create database booking;
