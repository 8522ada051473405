"""Search over networks and hardware together: objectives, problems, searchers, studies, reports and the command line."""
