package crm.queries;

import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/** Reads the event journal: by id, or everything that a snapshot has not seen. */
@Singleton
public class JournalReader {

    /**
     * What has been committed since a snapshot. Ids alone cannot say that: they are handed out before the commit, so a
     * lower id can appear after a higher one. Each row carries its transaction, and a transaction is either visible in
     * the older snapshot or it is news.
     */
    private static final String SINCE =
            "SELECT now.snapshot::text, j.id, j.event_id, j.type, j.aggregate_id"
                    + " FROM (SELECT pg_current_snapshot() AS snapshot) AS now"
                    + " LEFT JOIN integration.event_journal AS j ON j.territory = ?"
                    + " AND j.xid >= pg_snapshot_xmin(?::pg_snapshot)"
                    + " AND NOT pg_visible_in_snapshot(j.xid, ?::pg_snapshot)"
                    + " ORDER BY j.id";
    private static final String BY_ID =
            "SELECT id, event_id, type, aggregate_id FROM integration.event_journal"
                    + " WHERE id = ANY (?) AND territory = ? ORDER BY id";

    /** {@code snapshot} is where the next read begins. */
    record News(String snapshot, List<JournalEntry> entries) {}

    News since(Connection connection, String territory, String snapshot) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(SINCE)) {
            select.setString(1, territory);
            select.setString(2, snapshot);
            select.setString(3, snapshot);
            try (ResultSet row = select.executeQuery()) {
                String next = snapshot;
                List<JournalEntry> entries = new ArrayList<>();
                while (row.next()) {
                    next = row.getString(1);
                    if (row.getObject(2) != null) {
                        entries.add(entry(row, 2));
                    }
                }
                return new News(next, entries);
            }
        }
    }

    List<JournalEntry> byId(Connection connection, String territory, Collection<Long> ids) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(BY_ID)) {
            select.setArray(1, ProjectionLoader.bigints(connection, ids));
            select.setString(2, territory);
            try (ResultSet row = select.executeQuery()) {
                List<JournalEntry> entries = new ArrayList<>();
                while (row.next()) {
                    entries.add(entry(row, 1));
                }
                return entries;
            }
        }
    }

    private static JournalEntry entry(ResultSet row, int first) throws SQLException {
        return new JournalEntry(
                row.getLong(first),
                row.getObject(first + 1, UUID.class),
                row.getString(first + 2).intern(),
                row.getLong(first + 3));
    }
}
