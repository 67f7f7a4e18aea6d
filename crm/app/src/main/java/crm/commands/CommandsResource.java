package crm.commands;

import crm.Role;
import crm.pod.Pod;
import crm.pod.PodHeaders;
import crm.pod.ServedBy;
import io.smallrye.common.annotation.Blocking;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.Map;
import org.jboss.resteasy.reactive.RestHeader;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Writes of one territory: each a small transaction that leaves a business row and an event. */
@Path("/")
@ServedBy(Role.COMMANDS)
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
@Blocking
public class CommandsResource {

    private final Pod pod;
    private final Commands commands;
    private final Changes changes;

    CommandsResource(Pod pod, Commands commands, Changes changes) {
        this.pod = pod;
        this.commands = commands;
        this.changes = changes;
    }

    @POST
    @Path("/orders")
    public Response placeOrder(
            @NotNull @Valid Requests.PlaceOrder order, @RestHeader(PodHeaders.PREWARM) String prewarm)
            throws SQLException {
        return answer(Response.Status.CREATED, prewarm, connection -> changes.placeOrder(connection, order));
    }

    @POST
    @Path("/samples")
    public Response requestSample(
            @NotNull @Valid Requests.RequestSample sample, @RestHeader(PodHeaders.PREWARM) String prewarm)
            throws SQLException {
        return answer(Response.Status.CREATED, prewarm, connection -> changes.requestSample(connection, sample));
    }

    @PATCH
    @Path("/customers/{id}")
    public Response changeCustomer(
            @RestPath long id,
            @NotNull @Valid Requests.ChangeCustomer change,
            @RestHeader(PodHeaders.PREWARM) String prewarm)
            throws SQLException {
        return answer(Response.Status.OK, prewarm, connection -> changes.changeCustomer(connection, id, change));
    }

    @ServerExceptionMapper
    public Response refused(Changes.Refused refused) {
        return Response.status(refused.status).entity(Map.of("error", refused.getMessage())).build();
    }

    private Response answer(Response.Status status, String prewarm, Commands.Change change) throws SQLException {
        Commands.Written written = pod.isPrewarm(prewarm) ? commands.tryOut(change) : commands.commit(change);
        return Response.status(status)
                .entity(written.done().body())
                .header("X-Event-Id", written.eventId())
                .header("X-Journal-Id", written.journalId())
                .build();
    }
}
