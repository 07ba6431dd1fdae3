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
 * that is not known, for which the answer is not known either.
 *
 * $1 to $3: the bookings (host, start and end in milliseconds). $4 to $7: offsets (zone, from, until, offset in milliseconds),
 * of which the first and the last of a zone go on for ever here. That is wrong only beyond the span they were asked for, which
 * must reach MARGIN_DAYS around the bookings. $8: zones that are not known.
 *
 * Nothing rests on constraints: ranges are put together before anything is compared. Exceptions are looked for by the closed
 * range, which the tables' index is over.
 */
export const NOT_OPEN = `
  with booked as materialized (
    select ordinal, host_id, during, lower(during) at time zone 'UTC' as start, upper(during) at time zone 'UTC' as until
    from unnest($1::uuid[], $2::float8[], $3::float8[]) with ordinality as asked (host_id, start_ms, end_ms, ordinal)
    cross join lateral (select ${rangeFromMillis("start_ms", "end_ms")} as during) as instants
  ), told as (
    select zone, ${utc("from_ms")} as start, ${utc("until_ms")} as until, offset_ms * '1 millisecond'::interval as ahead
    from unnest($4::text[], $5::float8[], $6::float8[], $7::float8[]) as told (zone, from_ms, until_ms, offset_ms)
  ), offsets as materialized (
    select zone, ahead, lag(ahead) over zones as ahead_before,
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
    window later_dates as (partition by host_id order by from_date rows between 1 following and unbounded following)
  ), dates as materialized (
    select ordinal, period.*, date, extract(isodow from date)::smallint as day
    from booked
    join in_force as period
      on period.host_id = booked.host_id and period.start < booked.until and period.until > booked.start
    -- Of these dates hours may reach into the booking: a local date lies within a day around the same date in UTC, and the end
    -- of a range that does not exist on its date is read as a time of the next one.
    cross join lateral generate_series(-2, booked.until::date - booked.start::date + 2) as days
    cross join lateral (select booked.start::date + days as date) as dates
    -- A date that lies wholly in a gap does not occur.
    where not exists (
      select from offsets
      where zone = time_zone and offsets.start + ahead_before <= date and offsets.start + ahead >= date + 1)
  ), ranges as materialized (
    select ordinal, time_zone, start, until,
           date + lower(minutes) * '1 minute'::interval as local_start, date + upper(minutes) * '1 minute'::interval as local_end
    from dates
    join weekly_ranges using (host_id, from_date, day)
  ), readings as materialized (
    select time_zone, local, local - ahead as instant
    from (select time_zone, local_start as local from ranges union select time_zone, local_end from ranges) as clocks
    join offsets on zone = time_zone and local >= read_from and local < read_until
  ), hours as (
    select ordinal, range_agg(tstzrange(cut.start at time zone 'UTC', cut.until at time zone 'UTC')) as hours
    from ranges
    join readings as starts on starts.time_zone = ranges.time_zone and starts.local = local_start
    join readings as ends on ends.time_zone = ranges.time_zone and ends.local = local_end
    cross join lateral (
      select greatest(ranges.start, starts.instant) as start, least(ranges.until, ends.instant) as until
    ) as cut
    where cut.start < cut.until
    group by ordinal
  )
  select (ordinal - 1)::float8 as index,
         (select min(time_zone) from weekly_hours as period
          where period.host_id = booked.host_id and time_zone = any($8::text[]) and from_date <= booked.until::date + 2
            and not exists (
              select from in_force as later
              where later.host_id = period.host_id and later.from_date > period.from_date and later.start <= booked.start)
         ) as unknown_zone
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
