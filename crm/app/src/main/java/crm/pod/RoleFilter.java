package crm.pod;

import crm.Settings;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

public class RoleFilter {

    private final Settings settings;

    RoleFilter(Settings settings) {
        this.settings = settings;
    }

    /** Null lets the request pass. */
    @ServerRequestFilter(nonBlocking = true)
    public Response refuseOtherRoles(ResourceInfo resource) {
        ServedBy servedBy = resource.getResourceClass().getAnnotation(ServedBy.class);
        if (servedBy == null || servedBy.value() == settings.role()) {
            return null;
        }
        String message = settings.workload() + " does not serve this path.";
        return Response.status(Response.Status.NOT_FOUND).entity(Map.of("error", message)).build();
    }
}
