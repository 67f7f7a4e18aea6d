package crm.pod;

import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.Map;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

public class Failures {

    private static final Logger LOG = Logger.getLogger(Failures.class);

    /** The database is away or overloaded: the caller may try again, so 503 and not 500. */
    @ServerExceptionMapper
    public Response databaseAway(SQLException failure) {
        LOG.warnf("database: %s (SQLSTATE %s)", failure.getMessage(), failure.getSQLState());
        return Response.status(Response.Status.SERVICE_UNAVAILABLE)
                .header("Retry-After", "1")
                .entity(Map.of("error", "The database cannot take this command now; try again."))
                .build();
    }
}
