/*
 * The fence between the two services, as a Spin model: one host, one slot, every interleaving.
 *
 * Claim: the slot is never booked while it is not open. It is asserted wherever a commit could break it (ALWAYS_RIGHT).
 * Spin finds deadlocks by itself, and with -DQUIET the model asserts that in the end no lock is left behind.
 *
 * Two databases, each with the host's lock in it, and messages between them. A fence that was sent may be delivered at any
 * later time, more than once, also after its removal has given up; an answer may be lost; callers and handlers may die at
 * any step; each database may crash CRASHES times: its transactions and locks are gone, what it committed is not.
 *
 * -DWHOLE makes each transaction that runs under a host's lock one step, for runs with more of everything: nobody sees what
 * happens inside one, and a crash inside one means that it did not happen.
 *
 * `test/pair/fence-model.test.ts` runs it: as it is it must pass, and with each of these it must fail.
 *   NO_COMPARISON       a booking commits without comparing the generation
 *   NOTE_AFTER_ASK      the generation is noted after Availability was asked
 *   NO_SHARED_LOCK      the snapshot is read without the host's shared lock
 *   SNAPSHOT_BEFORE_LOCK  ... or in a statement that began before the lock was had
 *   STALE_READ          ... or on a replica that lags behind
 *   FENCE_BEFORE_LOCK   a removal asks Booking before it holds the host's exclusive lock
 *   FENCE_AFTER_COMMIT  ... or after it has committed
 *   NO_BOOKING_LOCK     bookings and fences do not exclude each other in Booking
 *   FENCE_RAISES_NOTHING  a fence looks for bookings and leaves the generation as it is
 *   UNCOMPARED_PATH     one way to make a booking active (an un-cancel, say) skips the comparison
 *   LOST_TAIL           Booking's database fails over to a replica that lacks what was committed last
 *   ASK_UNDER_LOCK      a booking asks Availability again while it holds its lock: with -DNO_DEADLINES, a deadlock
 */

#ifndef BOOKERS
#define BOOKERS 2
#endif
#ifndef REMOVERS
#define REMOVERS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#define ASKS 2        /* how often a booking asks Availability before it answers BUSY */
#ifndef DELIVERIES
#define DELIVERIES 3  /* fences that reach Booking, all removals together */
#endif

#define NOBODY 255
#define FENCE  200
#define NONE   0
#define FREE   1
#define BOOKED 2
#define GONE   3

/* Availability's database: the slot, the host's lock, and how often it has crashed. */
bit open = 1; byte writer = NOBODY; byte readers = 0; byte crashesA = 0;

/* Booking's database: the same, and the host's generation. */
bit booked = 0; byte generation = 0; byte holder = NOBODY; byte crashesB = 0;
#ifdef LOST_TAIL
bit replicaBooked = 0; byte replicaGeneration = 0;
#endif

/* What Booking remembers of Availability: one snapshot, with the generation that was noted before it was asked for. */
bit remembered = 0; bit rememberedOpen = 0; byte rememberedGeneration = 0;

/* Each removal's fence and the answer to it. */
bit sent[REMOVERS]; byte reply[REMOVERS];

byte running;

#ifdef WHOLE
#define TRANSACTION atomic {
#define END_TRANSACTION }
#else
#define TRANSACTION
#define END_TRANSACTION
#endif

#define ALWAYS_RIGHT assert(!(booked && !open))

#ifdef NO_COMPARISON
#define STILL_HOLDS(noted) true
#else
#define STILL_HOLDS(noted) (noted == generation)
#endif

#ifdef NO_SHARED_LOCK
#define MAY_READ true
#else
#define MAY_READ (writer == NOBODY)
#endif

#ifdef NO_BOOKING_LOCK
#define MAY_CHANGE_BOOKINGS true
#else
#define MAY_CHANGE_BOOKINGS (holder == NOBODY)
#endif

#ifdef NO_DEADLINES
#define DELIVERABLE(removal) (sent[removal] && reply[removal] == NONE)
#define MAY_STOP (running == 1)
#else
#define DELIVERABLE(removal) sent[removal]
#define MAY_STOP true
#endif

/* CreateBooking, in services/booking/scheduling/commit-when-valid.ts. */
proctype Booker(byte self) {
  byte asks = 0; byte noted = 0; bit answer = 0; byte session = 0;
  atomic {
    if
    :: remembered -> answer = rememberedOpen; noted = rememberedGeneration; goto commit
    :: true -> skip
    fi
  };

ask:
  atomic { answer = 0; noted = 0; session = 0; if :: asks == ASKS -> goto done :: else -> asks++ fi
#ifndef NOTE_AFTER_ASK
    ; noted = generation
#endif
  };
#ifdef STALE_READ
  if :: atomic { answer = 1; goto answered } :: skip fi;
#endif
#ifdef SNAPSHOT_BEFORE_LOCK
  answer = open;
#endif
  TRANSACTION
  atomic { MAY_READ -> readers++; session = crashesA };
#ifndef SNAPSHOT_BEFORE_LOCK
  atomic { if :: session == crashesA -> answer = open :: else -> goto ask fi };
#endif
  atomic { if :: session == crashesA -> readers-- :: else -> skip fi; session = 0 };
  END_TRANSACTION
answered:
#ifdef NOTE_AFTER_ASK
  noted = generation;
#endif
  /* It may be remembered late, over one that is newer, or not at all. */
  atomic {
    if
    :: true -> remembered = 1; rememberedOpen = answer; rememberedGeneration = noted
    :: true -> skip
    fi
  };

commit:
  atomic { if :: !answer -> goto ask :: answer -> skip :: true -> goto done fi };
  TRANSACTION
  atomic { MAY_CHANGE_BOOKINGS -> holder = self; session = crashesB };
  atomic {
    if
    :: session != crashesB -> goto done
    :: session == crashesB && booked -> holder = NOBODY; goto done
    :: session == crashesB && !booked && STILL_HOLDS(noted) -> skip
    :: session == crashesB && !booked && !STILL_HOLDS(noted) ->
#ifdef ASK_UNDER_LOCK
       goto askUnderLock
#else
       holder = NOBODY; goto ask
#endif
    fi
  };
  atomic {
    if :: session == crashesB -> booked = 1; holder = NOBODY; ALWAYS_RIGHT :: else -> skip fi;
    goto done
  };
  END_TRANSACTION
#ifdef ASK_UNDER_LOCK
askUnderLock:
  atomic { MAY_READ -> answer = open };
  atomic {
    if
    :: session == crashesB && answer -> booked = 1; holder = NOBODY; ALWAYS_RIGHT
    :: session == crashesB && !answer -> holder = NOBODY
    :: else -> skip
    fi
  };
#endif
done:
  atomic { running--; asks = 0; noted = 0; answer = 0; session = 0 }
}

/* RemoveAvailability, and whatever else makes a host's open time smaller. */
proctype Remover(byte self) {
  byte session = 0;
#ifdef FENCE_BEFORE_LOCK
  sent[self] = 1;
  if :: reply[self] == FREE -> skip :: reply[self] == BOOKED -> goto done :: goto done fi;
  atomic { writer == NOBODY && readers == 0 -> open = 0; ALWAYS_RIGHT; goto done };
#endif
  atomic { writer == NOBODY && readers == 0 -> writer = self; session = crashesA };
#ifdef FENCE_AFTER_COMMIT
  atomic { if :: session == crashesA -> open = 0; writer = NOBODY; ALWAYS_RIGHT :: else -> skip fi; goto done };
#endif
  atomic { if :: session == crashesA -> sent[self] = 1 :: else -> goto done fi };
  if
  :: atomic { reply[self] == FREE ->
       if :: session == crashesA -> open = 0; writer = NOBODY; ALWAYS_RIGHT :: else -> skip fi }
  :: atomic { reply[self] == BOOKED -> if :: session == crashesA -> writer = NOBODY :: else -> skip fi }
#ifndef NO_DEADLINES
  /* Its deadline has passed, or its process died. */
  :: atomic { true -> if :: session == crashesA -> writer = NOBODY :: else -> skip fi }
#endif
  fi;
done:
  atomic { running--; reply[self] = GONE; session = 0 }
}

/* FenceHost: raises the generation and looks for bookings, in one transaction under the host's lock. */
proctype FenceHandler() {
  byte deliveries = 0; byte removal = 0; byte session = 0; bit found = 0;
  do
  :: deliveries < DELIVERIES ->
     if
     :: DELIVERABLE(0) -> removal = 0
#if REMOVERS > 1
     :: DELIVERABLE(1) -> removal = 1
#endif
     :: MAY_STOP -> break
     fi;
     TRANSACTION
     atomic { MAY_CHANGE_BOOKINGS -> holder = FENCE; session = crashesB; deliveries++ };
     found = booked;
     atomic {
       if
       :: session == crashesB ->
#ifndef FENCE_RAISES_NOTHING
          generation++;
#endif
          if
          :: reply[removal] == NONE -> reply[removal] = (found -> BOOKED : FREE)
          :: reply[removal] != NONE -> skip
#ifndef NO_DEADLINES
          :: skip /* the answer is lost */
#endif
          fi;
          holder = NOBODY
#ifndef NO_DEADLINES
       :: session == crashesB -> holder = NOBODY /* the handler dies before its commit */
#endif
       :: session != crashesB -> skip
       fi;
       removal = 0; found = 0; session = 0
     };
     END_TRANSACTION
  :: MAY_STOP -> break
  od;
  atomic { running--; deliveries = 0 }
}

proctype Adder() {
  atomic { if :: writer == NOBODY && readers == 0 -> open = 1 :: true -> skip fi; running-- }
}

proctype Canceller() {
  atomic { if :: MAY_CHANGE_BOOKINGS -> booked = 0 :: true -> skip fi; running-- }
}

#ifdef UNCOMPARED_PATH
proctype Uncancel() { atomic { MAY_CHANGE_BOOKINGS -> booked = 1; ALWAYS_RIGHT; running-- } }
#endif

proctype CrashAvailability() {
  byte crashes = 0;
  do
  :: crashes < CRASHES -> atomic { crashes++; crashesA++; writer = NOBODY; readers = 0 }
  :: break
  od;
  atomic { running--; crashes = 0 }
}

proctype CrashBooking() {
  byte crashes = 0;
  do
  :: crashes < CRASHES -> atomic { crashes++; crashesB++; holder = NOBODY;
#ifdef LOST_TAIL
       booked = replicaBooked; generation = replicaGeneration; ALWAYS_RIGHT
#endif
     }
#ifdef LOST_TAIL
  :: atomic { replicaBooked != booked || replicaGeneration != generation ->
       replicaBooked = booked; replicaGeneration = generation }
#endif
  :: break
  od;
  atomic { running--; crashes = 0 }
}

init {
  byte each = 0;
  atomic {
    running = BOOKERS + REMOVERS + 3;
    do :: each < BOOKERS -> run Booker(each); each++ :: else -> break od;
    each = 0;
    do :: each < REMOVERS -> run Remover(each); each++ :: else -> break od;
    run FenceHandler(); run Adder(); run Canceller();
#ifdef UNCOMPARED_PATH
    running++; run Uncancel();
#endif
#ifdef CRASH_AVAILABILITY
    running++; run CrashAvailability();
#endif
#ifdef CRASH_BOOKING
    running++; run CrashBooking();
#endif
    each = 0
  }
#ifdef QUIET
  (running == 0);
  atomic { assert(writer == NOBODY && readers == 0 && holder == NOBODY) }
#endif
}
