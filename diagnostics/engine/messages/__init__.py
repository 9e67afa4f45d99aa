"""What reads mail rather than DNS: the replies of servers, and what came back in messages."""
