package crm.queries;

import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/** Which events reached this pod, how and when: the newest 50,000. */
@Singleton
public class Ledger {

    private static final int CAPACITY = 50_000;
    private static final int ANSWER = 5_000;

    /** NOTIFY: told by the database. POLL: found in the journal. CATCHUP: found in the journal after a reconnect. */
    public enum How {
        NOTIFY,
        POLL,
        CATCHUP;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private record Line(long seq, long id, UUID eventId, How how, boolean duplicate, double at) {}

    private final Deque<Line> lines = new ArrayDeque<>();
    private final Clock clock = Clock.systemUTC();
    private long last;

    synchronized void add(long id, UUID eventId, How how, boolean duplicate) {
        if (lines.size() == CAPACITY) {
            lines.removeFirst();
        }
        lines.addLast(new Line(++last, id, eventId, how, duplicate, clock.millis() / 1000.0));
    }

    /** The entries after {@code seq}, oldest first, at most 5,000. */
    synchronized List<LedgerResource.Entry> after(long seq) {
        List<LedgerResource.Entry> found = new ArrayList<>();
        if (seq >= last) {
            return found;
        }
        for (Line line : lines) {
            if (line.seq > seq) {
                found.add(new LedgerResource.Entry(
                        line.seq, line.id, line.eventId, line.how.toString(), line.duplicate, line.at));
                if (found.size() == ANSWER) {
                    break;
                }
            }
        }
        return found;
    }
}
