package crm.queries;

import crm.Role;
import crm.Settings;
import crm.pod.ServedBy;
import io.smallrye.common.annotation.NonBlocking;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;

/** Reads of one territory, answered from memory; every answer has an ETag, and If-None-Match gets 304. */
@Path("/")
@ServedBy(Role.QUERIES)
@Produces(MediaType.APPLICATION_JSON)
@NonBlocking // memory only: no worker thread needed
public class QueriesResource {

    private static final int MOST = 1_000;

    private final Projection projection;
    private final String territory;

    QueriesResource(Projection projection, Settings settings) {
        this.projection = projection;
        this.territory = settings.servedTerritory();
    }

    /** {@code ids} are customers' ids, ascending. */
    public record CustomerIds(String territory, List<Long> ids) {}

    @GET
    @Path("/customers/ids")
    public CustomerIds customerIds(@RestQuery @DefaultValue("100") int limit) {
        return new CustomerIds(territory, projection.customerIds(between1AndMost(limit)));
    }

    @GET
    @Path("/customers/{id}")
    public Response customer(@RestPath long id, @Context Request request) {
        Customer customer = projection.customer(id);
        return customer == null ? missing("customer", id) : tagged(request, tag(customer), customer);
    }

    @GET
    @Path("/customers")
    public Response customersIn(
            @RestQuery String city, @RestQuery @DefaultValue("50") int limit, @Context Request request) {
        if (city == null || city.isBlank()) {
            return Response.status(Response.Status.BAD_REQUEST)
                    .entity(Map.of("error", "Which city? Ask for /customers?city=NAME."))
                    .build();
        }
        List<Customer> found = projection.customersIn(city, between1AndMost(limit));
        return tagged(request, tag("c", found.stream().mapToLong(c -> c.id() * 31 + c.version())), found);
    }

    @GET
    @Path("/customers/{id}/orders")
    public Response ordersOf(@RestPath long id, @RestQuery @DefaultValue("50") int limit, @Context Request request) {
        if (projection.customer(id) == null) {
            return missing("customer", id);
        }
        List<Order> found = projection.ordersOf(id, between1AndMost(limit));
        return tagged(request, tag("o", found.stream().mapToLong(o -> o.id() * 31 + o.version())), found);
    }

    @GET
    @Path("/orders/{id}")
    public Response order(@RestPath long id, @Context Request request) {
        Order order = projection.order(id);
        return order == null
                ? missing("order", id)
                : tagged(request, new EntityTag("o" + id + "-" + order.version()), order);
    }

    static EntityTag tag(Customer customer) {
        return new EntityTag("c" + customer.id() + "-" + customer.version());
    }

    private static EntityTag tag(String kind, LongStream versions) {
        return new EntityTag(kind + Long.toHexString(versions.reduce(17, (hash, v) -> hash * 1_000_003 + v)));
    }

    private static Response tagged(Request request, EntityTag tag, Object body) {
        Response.ResponseBuilder unchanged = request.evaluatePreconditions(tag);
        return unchanged != null ? unchanged.tag(tag).build() : Response.ok(body).tag(tag).build();
    }

    private Response missing(String what, long id) {
        return Response.status(Response.Status.NOT_FOUND)
                .entity(Map.of("error", "There is no " + what + " " + id + " in " + territory + "."))
                .build();
    }

    private static int between1AndMost(int limit) {
        return Math.max(1, Math.min(limit, MOST));
    }
}
