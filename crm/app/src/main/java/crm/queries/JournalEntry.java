package crm.queries;

import java.util.UUID;

/** A row of integration.event_journal, without its payload: the projection reads the rows themselves. */
public record JournalEntry(long id, UUID eventId, String type, long aggregateId) {}
