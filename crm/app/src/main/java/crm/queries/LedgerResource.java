package crm.queries;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import crm.Role;
import crm.pod.Pod;
import crm.pod.ServedBy;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jboss.resteasy.reactive.RestQuery;

/** Lets an observer add up what was committed against what arrived here. */
@Path("/ledger")
@ServedBy(Role.QUERIES)
public class LedgerResource {

    /** {@code at} in seconds since the epoch. */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Entry(long seq, long id, UUID eventId, String how, boolean duplicate, double at) {}

    /** {@code next} is what to ask for {@code after} the next time; {@code readyAt} is null until the pod is ready. */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Page(String pod, String boot, Double readyAt, long next, List<Entry> entries) {}

    private final Pod pod;
    private final Ledger ledger;

    LedgerResource(Pod pod, Ledger ledger) {
        this.pod = pod;
        this.ledger = ledger;
    }

    @GET
    @Blocking // thousands of entries take milliseconds to write, which the event loop has not
    public Page read(@RestQuery @DefaultValue("0") long after) {
        List<Entry> entries = ledger.after(after);
        long next = entries.isEmpty() ? after : entries.get(entries.size() - 1).seq();
        Instant readyAt = pod.readyAt();
        return new Page(
                pod.name(), pod.boot(), readyAt == null ? null : readyAt.toEpochMilli() / 1000.0, next, entries);
    }
}
