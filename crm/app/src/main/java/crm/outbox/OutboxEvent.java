package crm.outbox;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.UUID;

/** An event as it leaves the system. */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record OutboxEvent(
        long id, UUID eventId, String type, String territory, long aggregateId, @JsonRawValue String payload) {}
