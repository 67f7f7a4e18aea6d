package crm.queries;

/** A customer as the hot projection holds it; {@code version} grows with every change. */
public record Customer(
        long id,
        String territory,
        String name,
        String branch,
        String street,
        String postcode,
        String city,
        String email,
        String phone,
        int version) {}
