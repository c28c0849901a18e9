"""What an unclean stop of the emulator took away, matter by matter (`octopus.fabric.heal`)."""
