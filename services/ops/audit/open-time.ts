/**
 * Open time derived in SQL, from what is stored: (weekly hours minus closures) plus openings.
 *
 * Local times become instants as RFC 5545, 3.3.5 says: one that does not exist is read with the offset before the gap, and one
 * that occurs twice is its first occurrence, which has the offset before too. So each offset is used for the local times from
 * one boundary to the next, and the boundary at a transition is the later of the two local times that clocks show there.
 */

import { fromMillis, rangeFromMillis } from "../../../shared/postgres/range.ts";

/** An expression in milliseconds as a timestamp in UTC, on which no session's time zone has a say. */
const utc = (milliseconds: string): string => `(${fromMillis(milliseconds)} at time zone 'UTC')`;

/**
 * Those of some bookings that some instant of is not open: `index`, and `unknown_zone`, a zone of the host's weekly hours
 * without offsets, for which the answer is not known.
 *
 * $1 to $3: the bookings (host, start and end in milliseconds). $4 to $7: offsets by zone (zone, from, until, offset in
 * milliseconds), whose first and last go on for ever here. That is wrong only beyond the span they were asked for, which must
 * reach MARGIN_DAYS around the bookings.
 *
 * Nothing rests on constraints: ranges are put together before anything is compared. Exceptions are looked for by the closed
 * range, which the tables' index is over.
 */
export const NOT_OPEN = `
  with booked as materialized (
    select ordinal, host_id, during,
           -- Of these dates hours may reach into the booking: a local date lies within a day around the same date in UTC, and
           -- the end of a range that does not exist on its date is read as a time of the next one.
           (lower(during) at time zone 'UTC')::date - 2 as first_date,
           (upper(during) at time zone 'UTC')::date + 2 as last_date
    from unnest($1::uuid[], $2::float8[], $3::float8[]) with ordinality as asked (host_id, start_ms, end_ms, ordinal)
    cross join lateral (select ${rangeFromMillis("start_ms", "end_ms")} as during) as instants
  ), told as (
    select zone, ${utc("from_ms")} as start, ${utc("until_ms")} as until, offset_ms * '1 millisecond'::interval as ahead
    from unnest($4::text[], $5::float8[], $6::float8[], $7::float8[]) as told (zone, from_ms, until_ms, offset_ms)
  ), offsets as materialized (
    select zone, ahead,
           case when lag(zone) over zones is null then '-infinity' else start end as start,
           case when lead(zone) over zones is null then 'infinity' else until + ahead end as local_until,
           coalesce(start + greatest(ahead, lag(ahead) over zones), '-infinity') as read_from,
           coalesce(until + greatest(ahead, lead(ahead) over zones), 'infinity') as read_until
    from told
    window zones as (partition by zone order by start)
  ), begun as (
    -- A period begins with the first instant of its date; if that does not occur, of the date that follows.
    select host_id, from_date, time_zone, min(greatest(offsets.start, from_date - ahead)) as start
    from weekly_hours
    join offsets on zone = time_zone and local_until > from_date
    where host_id = any($1::uuid[])
    group by host_id, from_date, time_zone
  ), in_force as materialized (
    -- Of all that have begun, the period with the latest date counts, also if one with an earlier date begins later.
    select *, coalesce(min(start) over later_dates, 'infinity') as until
    from begun
    window later_dates as (
      partition by host_id order by from_date rows between 1 following and unbounded following)
  ), dates as (
    select ordinal, during, period.host_id, from_date, time_zone, period.start, period.until, first_date + n as date
    from booked
    join in_force period
      on period.host_id = booked.host_id
      and period.start < upper(during) at time zone 'UTC' and period.until > lower(during) at time zone 'UTC'
    cross join lateral generate_series(0, last_date - first_date) as n
  ), hours as (
    select ordinal, range_agg(tstzrange(cut.start at time zone 'UTC', cut.until at time zone 'UTC')) as hours
    from dates
    join weekly_ranges using (host_id, from_date)
    join offsets midnight on midnight.zone = time_zone and date >= midnight.read_from and date < midnight.read_until
    cross join lateral (
      select date + lower(minutes) * '1 minute'::interval as starts, date + upper(minutes) * '1 minute'::interval as ends
    ) as local
    join offsets at_start on at_start.zone = time_zone and starts >= at_start.read_from and starts < at_start.read_until
    join offsets at_end on at_end.zone = time_zone and ends >= at_end.read_from and ends < at_end.read_until
    cross join lateral (
      select greatest(dates.start, starts - at_start.ahead) as start, least(dates.until, ends - at_end.ahead) as until
    ) as cut
    where day = extract(isodow from date)
      and cut.start < cut.until
      -- A date that lies wholly in a gap does not occur.
      and not (midnight.local_until <= date and midnight.read_until >= date + 1)
    group by ordinal
  )
  select (ordinal - 1)::float8 as index,
         (select min(time_zone) from weekly_hours
          where weekly_hours.host_id = booked.host_id and from_date <= last_date and time_zone <> all($4::text[])
            and not exists (
              select from in_force as later
              where later.host_id = booked.host_id and later.from_date > weekly_hours.from_date
                and later.start <= lower(during) at time zone 'UTC')) as unknown_zone
  from booked
  left join hours using (ordinal)
  cross join lateral (
    select range_agg(closures.during) as closed from closures
    where closures.host_id = booked.host_id and tstzrange(lower(during), upper(during), '[]') && booked.during
  ) as closures
  cross join lateral (
    select range_agg(openings.during) as opened from openings
    where openings.host_id = booked.host_id and tstzrange(lower(during), upper(during), '[]') && booked.during
  ) as openings
  where not coalesce(hours - coalesce(closed, '{}') + coalesce(opened, '{}'), opened, '{}') @> booked.during`;

/** How far from a booking offsets must be known: the dates that are looked at, and one more for what they are read with. */
export const MARGIN_DAYS = 4;
