package crm.queries;

import crm.Settings;
import io.agroal.api.AgroalDataSource;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Applies each event once to the projection, whichever way it comes first. Used by the listener's thread only. */
@Singleton
public class EventIntake {

    private static final int REMEMBERED = 50_000;
    private static final int CHUNK = 1_000;

    private final AgroalDataSource database;
    private final JournalReader journal;
    private final ProjectionLoader loader;
    private final Ledger ledger;
    private final String territory;
    private final Counter received;
    private final Counter recovered;
    private final Counter duplicate;
    private final Map<Long, UUID> applied = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, UUID> eldest) {
            return size() > REMEMBERED;
        }
    };
    private String snapshot;

    EventIntake(
            AgroalDataSource database,
            JournalReader journal,
            ProjectionLoader loader,
            Ledger ledger,
            Settings settings,
            MeterRegistry registry) {
        this.database = database;
        this.journal = journal;
        this.loader = loader;
        this.ledger = ledger;
        this.territory = settings.servedTerritory();
        this.received = registry.counter("crm.events.received");
        this.recovered = registry.counter("crm.events.recovered");
        this.duplicate = registry.counter("crm.events.duplicate");
    }

    /** The projection was loaded with this snapshot: the journal is news from here on. */
    void seenUpTo(String loadedSnapshot) {
        snapshot = loadedSnapshot;
    }

    /** Events that were notified, by their id in the journal. */
    void take(List<Long> ids) throws SQLException {
        List<Long> fresh = new ArrayList<>();
        for (Long id : ids) {
            UUID before = applied.get(id);
            if (before != null) {
                duplicate.increment();
                ledger.add(id, before, Ledger.How.NOTIFY, true);
            } else {
                fresh.add(id);
            }
        }
        for (int from = 0; from < fresh.size(); from += CHUNK) {
            try (Connection connection = database.getConnection()) {
                List<Long> chunk = fresh.subList(from, Math.min(from + CHUNK, fresh.size()));
                apply(connection, journal.byId(connection, territory, chunk), Ledger.How.NOTIFY);
            }
        }
    }

    /** Events that the journal holds and nobody told of. */
    void readJournal(Ledger.How how) throws SQLException {
        try (Connection connection = database.getConnection()) {
            JournalReader.News news = journal.since(connection, territory, snapshot);
            List<JournalEntry> fresh = news.entries().stream().filter(e -> !applied.containsKey(e.id())).toList();
            apply(connection, fresh, how);
            // Only now: a failure above must read the same stretch again.
            snapshot = news.snapshot();
        }
    }

    private void apply(Connection connection, List<JournalEntry> entries, Ledger.How how) throws SQLException {
        List<Long> customers = new ArrayList<>();
        List<Long> orders = new ArrayList<>();
        for (JournalEntry entry : entries) {
            if (entry.type().startsWith("customer.")) {
                customers.add(entry.aggregateId());
            } else if (entry.type().startsWith("order.")) {
                orders.add(entry.aggregateId());
            }
        }
        loader.refresh(connection, customers, orders);
        for (JournalEntry entry : entries) {
            applied.put(entry.id(), entry.eventId());
            (how == Ledger.How.NOTIFY ? received : recovered).increment();
            ledger.add(entry.id(), entry.eventId(), how, false);
        }
    }
}
